from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import smtplib
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from aiosmtpd.smtp import SMTP

from errors import ConfigError
from mail.faulty_sink import FaultySink
from mail.mailbox import Arrival, Mailbox
from mail.sink import LARGEST, Sink, get_mailbox_path
from mail.sink_server import SinkServer, read_text
from tests.mail.samples import settings
from tests.support.ports import free_port

MESSAGE = b"Subject: hello\r\n\r\nfirst\r\n.\r\n..dots\r\nlast\r\n"


class FullDisk(Mailbox):
    """A mailbox that cannot be written."""

    def append(self, arrivals: Iterable[Arrival]) -> None:
        raise sqlite3.OperationalError("database or disk is full")


def send(sink: Sink, message: bytes = MESSAGE, to: tuple[str, ...] = ("ann@example.com",)) -> None:
    """By the standard library's client, which is not the one that the product uses."""
    with smtplib.SMTP(sink.host, sink.port, timeout=10) as client:
        client.sendmail("b+1@bounce.shop.com", to, message)


def talk(sink: Sink, *sent: bytes) -> bytes:
    """Raw bytes on the wire, all at once, and what came back."""
    with socket.create_connection((sink.host, sink.port), timeout=10) as wire:
        wire.sendall(b"".join(sent))
        return b"".join(iter(lambda: wire.recv(65_536), b""))


def test_another_client_delivers_to_it_unchanged(sink: FaultySink) -> None:
    send(sink)
    (mail,) = sink.mailbox.list_newest(5)
    assert mail.raw == MESSAGE
    assert mail.return_path == "b+1@bounce.shop.com"


def test_each_recipient_gets_a_copy(sink: FaultySink) -> None:
    send(sink, to=("ann@example.com", "bob@example.com"))
    assert {mail.recipient for mail in sink.mailbox.list_newest(5)} == {"ann@example.com", "bob@example.com"}


def test_a_mailbox_that_cannot_be_written_takes_nothing_and_says_so(tmp_path: Path) -> None:
    with Sink(FullDisk(tmp_path / "m.db"), 0) as sink:
        with pytest.raises(smtplib.SMTPDataError) as refused:
            send(sink)
        assert refused.value.smtp_code == 451
        assert sink.mailbox.count() == 0


def test_commands_sent_ahead_are_answered_in_order(sink: FaultySink) -> None:
    one = b"MAIL FROM:<a@b.com>\r\nRCPT TO:<ann@example.com>\r\nDATA\r\nSubject: %d\r\n\r\nx\r\n.\r\n"
    answers = talk(sink, b"EHLO me\r\n", one % 1, one % 2, b"QUIT\r\n").decode().splitlines()
    codes = [answer[:3] for answer in answers if answer[3:4] == " "]
    assert codes == ["220", "250", "250", "250", "354", "250", "250", "250", "354", "250", "221"]
    assert [mail.subject for mail in sink.mailbox.iterate_since()] == ["1", "2"]


@pytest.mark.parametrize("end", [b"\n.\n", b"\n.\r\n", b"\r.\r", b"\r\n.\n"])
def test_one_mail_cannot_smuggle_in_another(sink: FaultySink, end: bytes) -> None:
    inner = b"MAIL FROM:<evil@b.com>\r\nRCPT TO:<bob@example.com>\r\nDATA\r\nSubject: smuggled\r\n\r\nx"
    talk(
        sink,
        b"EHLO me\r\nMAIL FROM:<a@b.com>\r\nRCPT TO:<ann@example.com>\r\nDATA\r\nSubject: outer\r\n\r\nx",
        end + inner,
        b"\r\n.\r\nQUIT\r\n",
    )
    assert [(mail.recipient, mail.subject) for mail in sink.mailbox.iterate_since()] == [("ann@example.com", "outer")]


def test_data_without_a_recipient_is_refused(sink: FaultySink) -> None:
    answers = talk(sink, b"EHLO me\r\nMAIL FROM:<a@b.com>\r\nDATA\r\nQUIT\r\n")
    assert b"503 5.5.1" in answers
    assert sink.mailbox.count() == 0


def test_too_large_a_mail_is_refused_and_the_next_is_taken(sink: FaultySink) -> None:
    with smtplib.SMTP(sink.host, sink.port, timeout=30) as client:
        client.ehlo_or_helo_if_needed()
        client.esmtp_features.pop("size", None)  # so that the client does not find out beforehand
        with pytest.raises(smtplib.SMTPDataError) as refused:
            client.sendmail("a@b.com", ["ann@example.com"], b"Subject: big\r\n\r\n" + b"x" * 78 * (LARGEST // 78 + 2))
        assert refused.value.smtp_code == 552
        client.sendmail("a@b.com", ["ann@example.com"], MESSAGE)
    assert [mail.subject for mail in sink.mailbox.iterate_since()] == ["hello"]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1_000])
@pytest.mark.parametrize(
    ("wire", "text"),
    [
        (b".\r\n", b""),
        (b"A\r\n.\r\n", b"A\r\n"),
        (b"\r\n.\r\n", b"\r\n"),
        (b"..\r\n...x\r\n.\r\n", b".\r\n..x\r\n"),
        (b"a\r\n..\r\n\r\n.\r\n", b"a\r\n.\r\n\r\n"),
        (b"a\n.\nb\r\n.\r\n", b"a\n.\nb\r\n"),
    ],
)
async def test_the_text_ends_at_the_lone_dot_however_it_arrives(size: int, wire: bytes, text: bytes) -> None:
    reader = asyncio.StreamReader()
    reading = asyncio.create_task(read_text(reader, 10_000))
    sent = wire + b"QUIT\r\n"
    for begin in range(0, len(sent), size):
        reader.feed_data(sent[begin : begin + size])
        await asyncio.sleep(0)
    assert await reading == text
    assert await reader.readline() == b"QUIT\r\n"


def test_a_taken_port_is_named(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ConfigError, match=f"^SELVEDGE_MAILBOX_PORT: port {port} on 127.0.0.1 cannot be opened"):
            Sink(Mailbox(tmp_path / "m.db"), port).start()


def test_answers_leave_without_waiting_for_an_acknowledgement(sink: FaultySink) -> None:
    """Else each mail on a kept connection takes 40 ms more."""
    with socket.create_connection((sink.host, sink.port), timeout=10) as wire:
        wire.recv(100)  # the greeting: the server's side exists
        assert sink._controller is not None
        ends = [server.transport.get_extra_info("socket") for server in sink._controller._serving if server.transport]
        assert ends
        assert all(end.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) for end in ends)


def test_the_mailbox_stays_open_while_mails_come_in(sink: FaultySink) -> None:
    """Its log lies there as long as somebody holds the file open; the last to close it writes it back, at a price."""
    send(sink)
    log = sink.mailbox.path.with_name(sink.mailbox.path.name + "-wal")
    assert log.exists()
    sink.stop()
    assert not log.exists()
    assert sink.mailbox.count() == 1


def test_the_embedded_one_lies_under_the_home_folder(tmp_path: Path) -> None:
    port = free_port()
    configured = settings(tmp_path, mailbox_port=port)
    with Sink.from_settings(configured) as sink:
        assert sink.url == configured.smtp == f"smtp://127.0.0.1:{port}"
        send(sink)
    assert Mailbox(get_mailbox_path(configured)).count() == 1
    assert get_mailbox_path(configured).parent == tmp_path


SERVE = """
import sys, time
from pathlib import Path
from mail.mailbox import Mailbox
from mail.sink import Sink
Sink(Mailbox(Path(sys.argv[1])), int(sys.argv[2])).start()
print("up", flush=True)
time.sleep(120)
"""


def test_what_was_answered_for_survives_a_kill(tmp_path: Path) -> None:
    path, port = tmp_path / "m.db", free_port()
    server = subprocess.Popen([sys.executable, "-c", SERVE, str(path), str(port)], stdout=subprocess.PIPE)
    with server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"up\n"
        sink = Sink(Mailbox(path), port)
        for _ in range(5):
            send(sink)
        os.kill(server.pid, signal.SIGKILL)
    assert Mailbox(path).count() == 5


def test_several_processes_may_read_while_it_writes(sink: FaultySink) -> None:
    send(sink)
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(Mailbox(sink.mailbox.path).count) == 1


@pytest.mark.parametrize(
    "argument",
    [
        "<>",
        "<a@b.c>",
        "<A+b.1@x-y.example> SIZE=100 BODY=8BITMIME",
        "<a@b.c>  SIZE=3",
        "a@b.c",
        '<"q q"@b.c>',
        "<a..b@c.d>",
        "<@x:a@b>",
        "<a@b.c> ",
        "<a@[192.0.2.1]>",
        "",
        "<a b@c>",
        "<a@b.c>SIZE=1",
        "<ü@b.c>",
        "<a@b.c",
        "<a@localhost>",
        "<a@b.c> (note) SIZE=1",
        "<a@b.c> <x@y.z>",
        "<a@b@c>",
    ],
)
def test_a_plain_address_is_read_as_the_library_reads_it(argument: str) -> None:
    """By its private name: if the library calls it otherwise one day, only time is lost, and this test says so."""
    plain, library = (kind.__new__(kind) for kind in (SinkServer, SMTP))
    plain.local_part_limit = library.local_part_limit = 0
    assert plain._getaddr(argument) == library._getaddr(argument)
