"""MAIL and RCPT go in one write where the server offers it, and each answer counts for its own command."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import uvloop

from errors import MailFault
from mail.faulty_sink import FaultySink, SmtpFault
from mail.sink_server import PipelinedHandler
from mail.smtp_url import parse_smtp_url
from mail.transport import DeliveryOutcome, Transport
from tests.mail.test_transport import Door, envelope


@asynccontextmanager
async def run_server(answers: list[bytes], *, hang_up: bool = False) -> AsyncIterator[str]:
    """A server that answers only once MAIL and RCPT are both there, with these pieces; then takes the mail."""

    sessions: list[asyncio.Task[None]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if task := asyncio.current_task():
            sessions.append(task)
        writer.write(b"220 mx\r\n")
        await reader.readline()
        writer.write(b"250-mx\r\n250 PIPELINING\r\n")
        assert (await reader.readline()).startswith(b"MAIL FROM:<b+1@")
        assert (await reader.readline()).startswith(b"RCPT TO:<ann@")
        for piece in answers:
            writer.write(piece)
            await asyncio.sleep(0.01)
        if not hang_up:
            async for line in reader:
                if line == b"DATA\r\n":
                    writer.write(b"354 go on\r\n")
                    await reader.readuntil(b"\r\n.\r\n")
                writer.write(b"250 ok\r\n")
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    await asyncio.gather(*sessions)


async def deliver(answers: list[bytes], *, hang_up: bool = False) -> DeliveryOutcome:
    async with run_server(answers, hang_up=hang_up) as url, Transport(parse_smtp_url(url), timeout_s=5.0) as transport:
        return await transport.deliver(envelope(), Door())


TAKEN = [
    [b"250 2.1.0 ok\r\n250 2.1.5 ok\r\n"],
    [b"250-2.1.0 o", b"ne\r\n250 2.1.0 two\r", b"\n250 2.1.5 ok\r\n"],
    [b"250 ok\r\n", b"251 forwarded\r\n"],
]


@pytest.mark.parametrize("answers", TAKEN, ids=["together", "in pieces", "apart"])
async def test_both_commands_are_sent_before_any_answer(answers: list[bytes]) -> None:
    assert await deliver(answers) is DeliveryOutcome.ACCEPTED


def test_it_works_on_the_workers_own_loop() -> None:
    assert uvloop.run(deliver(TAKEN[0])) is DeliveryOutcome.ACCEPTED


@pytest.mark.parametrize(
    ("answers", "hang_up", "code", "step", "dead"),
    [
        ([b"550 5.7.1 no such sender\r\n503 5.5.1 no\r\n"], False, "smtp_550", "mail", False),
        ([b"421 4.7.0 too many\r\n"], True, "smtp_421", "mail", False),
        ([b"250 ok\r\n550 5.1.1 unknown user\r\n"], False, "smtp_550", "rcpt", True),
        ([b"250 ok\r\n421 4.7.0 too many\r\n"], True, "smtp_421", "rcpt", False),
        ([b"250 ok\r\n"], True, "smtp_lost", "rcpt", False),
        ([], True, "smtp_lost", "mail", False),
    ],
)
async def test_each_answer_counts_for_its_own_command(
    answers: list[bytes], hang_up: bool, code: str, step: str, dead: bool
) -> None:
    with pytest.raises(MailFault) as raised:
        await deliver(answers, hang_up=hang_up)
    fault = raised.value
    assert (fault.code, fault.step, fault.stage, fault.no_such_mailbox) == (code, step, "before", dead)


async def test_a_server_that_offers_nothing_is_asked_one_by_one(
    sink: FaultySink, transport: Transport, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def plain(_self: object, _server: Any, session: Any, _envelope: Any, name: str, answers: list[str]) -> Any:
        session.host_name = name
        return answers

    monkeypatch.setattr(PipelinedHandler, "handle_EHLO", plain)
    sink.faults.plan(SmtpFault("rcpt", answer="550 5.1.1 nobody"))
    with pytest.raises(MailFault, match="550 to rcpt"):
        await transport.deliver(envelope(1), Door())
    assert await transport.deliver(envelope(2), Door()) is DeliveryOutcome.ACCEPTED
    assert sink.connections == 1
