from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from time import monotonic

import pytest

from errors import BadInput, ConfigError, MailFault, Unavailable
from mail.faulty_sink import FaultySink, SmtpFault
from mail.message import Envelope
from mail.smtp_url import parse_smtp_url
from mail.transport import IDLE_S, MAILS_PER_CONNECTION, DeliveryOutcome, Transport
from tests.mail.samples import settings
from tests.support.ports import free_port

MESSAGE = b"Subject: hello\r\n\r\nfirst\r\n.\r\n..dots\r\nlast\r\n"


def envelope(n: int = 1, recipient: str = "ann@example.com") -> Envelope:
    return Envelope(f"<{n}@shop.com>", f"b+{n}@bounce.shop.com", recipient, MESSAGE)


class Door:
    """A `before_data` that counts how often it was asked."""

    def __init__(self, answer: bool = True) -> None:
        self.answer, self.asked = answer, 0

    async def __call__(self) -> bool:
        self.asked += 1
        return self.answer


async def test_a_mail_arrives_as_it_was_with_its_envelope(sink: FaultySink, transport: Transport) -> None:
    assert await transport.deliver(envelope(), Door()) is DeliveryOutcome.ACCEPTED
    (mail,) = sink.mailbox.list_newest(10)
    assert mail.raw == MESSAGE
    assert (mail.return_path, mail.recipient) == ("b+1@bounce.shop.com", "ann@example.com")


@pytest.mark.parametrize("message", [b".\r\n", b"..\r\n.\r\n", b"a\r\n.b", b"\r\n\r\n.\r\n", b"a\n.\nb\r\n"])
async def test_dots_and_ends_of_lines_travel_unchanged(sink: FaultySink, transport: Transport, message: bytes) -> None:
    await transport.deliver(replace(envelope(), message=message), Door())
    assert sink.mailbox.get(1).raw == (message if message.endswith(b"\r\n") else message + b"\r\n")


async def test_the_decision_falls_after_the_recipient_was_taken_and_before_data(
    sink: FaultySink, transport: Transport
) -> None:
    states: list[tuple[int, int]] = []

    async def door() -> bool:
        states.append((sink.faults.step_counts["rcpt"], sink.faults.step_counts["data"]))
        return True

    await transport.deliver(envelope(), door)
    assert states == [(1, 0)]
    assert sink.faults.step_counts["data"] == 1


async def test_a_mail_that_is_withheld_never_reaches_data_and_the_connection_serves_the_next(
    sink: FaultySink, transport: Transport
) -> None:
    assert await transport.deliver(envelope(1), Door(False)) is DeliveryOutcome.WITHHELD
    assert sink.faults.step_counts["data"] == 0
    assert await transport.deliver(envelope(2, "bob@example.com"), Door()) is DeliveryOutcome.ACCEPTED
    assert [mail.recipient for mail in sink.mailbox.list_newest(10)] == ["bob@example.com"]
    assert sink.connections == 1


async def test_what_the_door_raises_goes_through_and_nothing_is_sent(sink: FaultySink, transport: Transport) -> None:
    async def fail() -> bool:
        raise Unavailable("the database does not answer")

    with pytest.raises(Unavailable):
        await transport.deliver(envelope(), fail)
    assert sink.mailbox.count() == 0
    assert await transport.deliver(envelope(), Door()) is DeliveryOutcome.ACCEPTED
    assert sink.mailbox.count() == 1


@pytest.mark.parametrize(
    ("fault", "code", "stage", "permanent", "door_asked"),
    [
        (SmtpFault("mail", answer="451 4.3.0 later"), "smtp_451", "before", False, 0),
        (SmtpFault("mail", answer="550 5.7.1 no"), "smtp_550", "before", False, 0),
        (SmtpFault("rcpt", answer="450 4.2.1 later"), "smtp_450", "before", False, 0),
        (SmtpFault("rcpt", answer="550 5.1.1 nobody"), "smtp_550", "before", True, 0),
        (SmtpFault("rcpt", answer="554 5.7.1 relay access denied"), "smtp_554", "before", False, 0),
        (SmtpFault("rcpt", answer="530 5.7.0 log in first"), "smtp_530", "before", False, 0),
        (SmtpFault("rcpt", answer="550 no"), "smtp_550", "before", True, 0),
        (SmtpFault("rcpt", answer="421 4.3.2 closing"), "smtp_421", "before", False, 0),
        (SmtpFault("rcpt", hang_up=True), "smtp_lost", "before", False, 0),
        (SmtpFault("rcpt", delay_s=3), "smtp_timeout", "before", False, 0),
        (SmtpFault("data", answer="451 4.3.0 later"), "smtp_451", "refused", False, 1),
        (SmtpFault("data", answer="554 5.5.1 no"), "smtp_554", "refused", True, 1),
        (SmtpFault("data", hang_up=True), "smtp_lost", "refused", False, 1),
        (SmtpFault("data", delay_s=3), "smtp_timeout", "refused", False, 1),
        (SmtpFault("text", answer="451 4.3.0 later"), "smtp_451", "refused", False, 1),
        (SmtpFault("text", answer="550 5.7.1 spam"), "smtp_550", "refused", True, 1),
        (SmtpFault("text", hang_up=True), "smtp_lost", "unknown", False, 1),
        (SmtpFault("text", hang_up=True, keep=True), "smtp_lost", "unknown", False, 1),
        (SmtpFault("text", delay_s=3), "smtp_timeout", "unknown", False, 1),
    ],
)
async def test_each_failure_says_how_far_the_mail_came(
    sink: FaultySink, transport: Transport, fault: SmtpFault, code: str, stage: str, permanent: bool, door_asked: int
) -> None:
    sink.faults.plan(fault)
    door = Door()
    with pytest.raises(MailFault) as raised:
        await transport.deliver(envelope(), door)
    failure = raised.value
    assert (failure.code, failure.stage, failure.permanent) == (code, stage, permanent)
    assert failure.no_such_mailbox == ("5.1.1" in fault.answer)
    assert failure.step == ("data" if fault.step == "text" else fault.step)
    assert door.asked == door_asked
    if stage != "unknown":
        assert sink.mailbox.count() == 0, "said to be undelivered, and delivered"
    assert "ann@example.com" not in str(failure)
    assert "nobody" not in str(failure), "a server's words may quote the address"
    assert await transport.deliver(envelope(2), Door()) is DeliveryOutcome.ACCEPTED, "the next mail must not suffer"


async def test_a_kept_connection_that_went_stale_is_noticed_before_anything_is_decided(
    sink: FaultySink, transport: Transport
) -> None:
    await transport.deliver(envelope(1), Door())
    sink.faults.plan(SmtpFault("mail", hang_up=True))
    door = Door()
    assert await transport.deliver(envelope(2), door) is DeliveryOutcome.ACCEPTED
    assert door.asked == 1
    assert sink.connections == 2
    assert sink.mailbox.count() == 2


async def test_a_server_that_was_restarted_meanwhile_is_no_trouble(sink: FaultySink, transport: Transport) -> None:
    await transport.deliver(envelope(1), Door())
    await asyncio.to_thread(sink.stop)
    await asyncio.to_thread(sink.start)
    assert await transport.deliver(envelope(2), Door()) is DeliveryOutcome.ACCEPTED
    assert sink.mailbox.count() == 2


async def test_connections_are_kept_and_bounded(sink: FaultySink) -> None:
    sink.faults.always = SmtpFault("rcpt", delay_s=0.02)
    async with Transport(parse_smtp_url(sink.url), timeout_s=5, connections=3) as transport:
        await asyncio.gather(*(transport.deliver(envelope(n), Door()) for n in range(30)))
    assert sink.mailbox.count() == 30
    assert sink.connections <= 3


async def test_a_connection_retires_before_servers_tire_of_it(sink: FaultySink, transport: Transport) -> None:
    for n in range(MAILS_PER_CONNECTION + 1):
        await transport.deliver(envelope(n), Door())
    assert sink.connections == 2


@pytest.mark.parametrize(("idle_s", "connections"), [(IDLE_S - 1, 1), (IDLE_S + 1, 2)])
async def test_a_connection_that_was_idle_for_long_is_not_used_again(
    sink: FaultySink, transport: Transport, monkeypatch: pytest.MonkeyPatch, idle_s: float, connections: int
) -> None:
    await transport.deliver(envelope(1), Door())
    put_back = monotonic()
    monkeypatch.setattr("mail.transport.monotonic", lambda: put_back + idle_s)
    await transport.deliver(envelope(2), Door())
    assert sink.connections == connections
    assert sink.mailbox.count() == 2


async def test_a_mail_that_is_cancelled_at_the_door_is_not_sent(sink: FaultySink, transport: Transport) -> None:
    reached = asyncio.Event()

    async def slow() -> bool:
        reached.set()
        await asyncio.sleep(30)
        return True

    task = asyncio.create_task(transport.deliver(envelope(1), slow))
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await transport.deliver(envelope(2), Door()) is DeliveryOutcome.ACCEPTED
    assert sink.mailbox.count() == 1


async def test_a_mail_that_is_cancelled_in_its_text_leaves_no_answer_for_the_next(
    sink: FaultySink, transport: Transport
) -> None:
    sink.faults.plan(SmtpFault("text", answer="250 late", keep=True, delay_s=0.3))
    task = asyncio.create_task(transport.deliver(envelope(1), Door()))
    while sink.faults.step_counts["text"] == 0:  # noqa: ASYNC110  the server counts in a thread of its own
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    sink.faults.plan(SmtpFault("text", answer="550 5.7.1 spam"))
    with pytest.raises(MailFault) as raised:
        await transport.deliver(envelope(2), Door())
    assert raised.value.code == "smtp_550"


async def test_no_server_is_one_clear_line_that_names_the_variable() -> None:
    port = free_port()
    async with Transport(parse_smtp_url(f"smtp://127.0.0.1:{port}"), timeout_s=1) as transport:
        with pytest.raises(
            MailFault, match=f"^SELVEDGE_SMTP_URL: no mail server answers at 127.0.0.1:{port}$"
        ) as raised:
            await transport.deliver(envelope(), Door())
        assert (raised.value.code, raised.value.stage, raised.value.permanent) == ("smtp_connect", "before", False)
        with pytest.raises(ConfigError, match=r"^SELVEDGE_SMTP_URL: "):
            await transport.check_server()


async def test_a_server_that_never_greets_is_given_up() -> None:
    over, gone = asyncio.Event(), asyncio.Event()

    async def silent(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await over.wait()
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        gone.set()

    server = await asyncio.start_server(silent, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, Transport(parse_smtp_url(f"smtp://127.0.0.1:{port}"), timeout_s=0.3) as transport:
        with pytest.raises(MailFault) as raised:
            await transport.deliver(envelope(), Door())
        over.set()
        await asyncio.wait_for(gone.wait(), 60)
    assert (raised.value.code, raised.value.stage) == ("smtp_timeout", "before")


async def test_check_finds_a_server_that_works(transport: Transport) -> None:
    await transport.check_server()


@pytest.mark.parametrize(
    "hostile",
    [
        "ann@example.com>\r\nRCPT TO:<bob@example.com",
        "ann@example.com\nDATA",
        "ann@example.com, bob@example.com",
        "Ann <ann@example.com>",
        "",
    ],
)
async def test_a_recipient_cannot_bring_a_command_along(sink: FaultySink, transport: Transport, hostile: str) -> None:
    with pytest.raises(BadInput) as refused:
        await transport.deliver(envelope(recipient=hostile), Door())
    assert refused.value.field == "email"
    assert sink.connections == 0


async def test_nothing_personal_is_logged(
    sink: FaultySink, transport: Transport, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        await transport.deliver(envelope(), Door())
        sink.faults.plan(SmtpFault("rcpt", answer="550 5.1.1 <ann@example.com> unknown"))
        with pytest.raises(MailFault):
            await transport.deliver(envelope(), Door())
    assert "ann@example.com" not in caplog.text
    assert "hello" not in caplog.text


@pytest.mark.parametrize(
    "url",
    ["", "mail.shop.com", "http://mail.shop.com", "smtp://", "smtp://host:port", "smtp://host/path", "smtp://h?x=1"],
)
def test_a_wrong_address_of_a_server_is_named(url: str) -> None:
    with pytest.raises(ConfigError, match=r"^SELVEDGE_SMTP_URL: not an address of a mail server"):
        parse_smtp_url(url)


def test_an_address_of_a_server_in_parts(tmp_path: Path) -> None:
    server = parse_smtp_url("smtps://ann%40shop.com:p%2Fw@mail.shop.com")
    assert (server.host, server.port, server.tls, server.user, server.password) == (
        "mail.shop.com",
        465,
        True,
        "ann@shop.com",
        "p/w",
    )
    assert "p/w" not in repr(server)
    assert parse_smtp_url("smtp://mail.shop.com:587").port == 587
    assert parse_smtp_url(settings(tmp_path).smtp).name == "127.0.0.1:1025"
