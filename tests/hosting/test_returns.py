"""The port takes what comes back for mails of ours, by LMTP and SMTP, and nothing else; a mailbox is polled."""

from __future__ import annotations

import smtplib
import socket
import socketserver
import threading
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

import pytest
from sqlalchemy import select, update

from errors import ConfigError, Unavailable
from hosting.returns import build_listener
from mail.links import Links
from mail.returns.listener import ReturnListener
from mail.returns.mailbox_poll import MOST_AT_ONCE, parse_mailbox_url, poll_mailbox
from services.returns.reading import ReturnedMail, ReturnReader
from store.database import read_transaction, write_transaction
from store.mail.suppressions import hash_mailbox
from store.tables import outreaches, returns
from tests.support.shop import Shop, a_shop

BOUNCE = "From: MAILER-DAEMON@mx.example\nSubject: failure notice\n\n<a@example.com>: 550 5.1.1 no such user\n"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = a_shop(tmp_path / "home", stock=False, unsubscribe_wait_s=0.1)
    made.client("a")
    links = Links.from_settings(made.settings)
    row = {"client_id": "a", "n": 1, "reason_key": "r", "kind": "welcome", "assessment_id": "x", "score": 1}
    row |= {"phase": "active", "state": "sent", "message_id": links.build_message_id("a", 1)}
    now = datetime.now(UTC)
    box = hash_mailbox(made.settings.keys.signing, "a@example.com", True)
    with write_transaction(made.engine) as connection:
        connection.execute(outreaches.insert().values(**row, mailbox=box, created_at=now, updated_at=now, sent_at=now))
    yield made
    made.sink.stop()
    made.engine.dispose()


@pytest.fixture
def port(shop: Shop) -> Iterator[ReturnListener]:
    with build_listener(shop.engine, shop.settings) as listener:
        yield listener


def state(shop: Shop) -> str:
    with read_transaction(shop.engine) as connection:
        return str(connection.scalar(select(outreaches.c.state)))


@pytest.mark.parametrize("protocol", [smtplib.LMTP, smtplib.SMTP])
def test_a_bounce_comes_in_by_lmtp_and_smtp(shop: Shop, port: ReturnListener, protocol: type[smtplib.SMTP]) -> None:
    path = Links.from_settings(shop.settings).build_return_path("a", 1)
    with protocol(port.host, port.port) as server:
        server.sendmail("", [path], BOUNCE)
    assert state(shop) == "bounced"


def test_nobody_else_gets_in(shop: Shop, port: ReturnListener) -> None:
    forged = Links.from_settings(shop.settings).build_return_path("a", 2)
    with smtplib.SMTP(port.host, port.port) as server:
        for address in (forged, "ann@elsewhere.example", forged.replace("b+", "u+")):
            with pytest.raises(smtplib.SMTPRecipientsRefused):
                server.sendmail("", [address], BOUNCE)
        path = Links.from_settings(shop.settings).build_return_path("a", 1)
        with pytest.raises(smtplib.SMTPResponseException) as too_large:
            server.sendmail("", [path], BOUNCE + "x" * 3_000_000)
    assert too_large.value.smtp_code == 552
    with read_transaction(shop.engine) as connection:
        assert connection.execute(select(returns)).all() == []
    assert state(shop) == "sent"


def test_an_opt_out_is_not_acknowledged_while_a_mail_is_under_way(shop: Shop, port: ReturnListener) -> None:
    address = Links.from_settings(shop.settings).build_unsubscribe_address("a", 1)
    with write_transaction(shop.engine) as connection:
        connection.execute(update(outreaches).values(state="data"))
    with smtplib.SMTP(port.host, port.port) as server:
        with pytest.raises(smtplib.SMTPDataError) as refused:
            server.sendmail("a@example.com", [address], "Subject: stop\n\n")
        assert refused.value.smtp_code == 451
        with write_transaction(shop.engine) as connection:
            connection.execute(update(outreaches).values(state="sent"))
        server.sendmail("a@example.com", [address], "Subject: stop\n\n")


class Pop3(socketserver.StreamRequestHandler):
    """A POP3 server with one mail behind many that are too large, as much of one as poplib speaks to."""

    mail = BOUNCE
    deleted: ClassVar[list[str]] = []

    def handle(self) -> None:
        self.wfile.write(b"+OK\r\n")
        for line in self.rfile:
            verb = line.split()[0].upper()
            text = self.mail.replace("\n", "\r\n")
            answers = {
                b"LIST": "+OK\r\n" + "2 3000000\r\n" * MOST_AT_ONCE + f"1 {len(text)}\r\n.\r\n",
                b"RETR": f"+OK\r\n{text}.\r\n",
            }
            if verb == b"DELE":
                self.deleted.append(line.decode().strip())
            self.wfile.write(answers.get(verb, "+OK\r\n").encode())
            if verb == b"QUIT":
                return


def test_a_mailbox_is_polled_and_a_mail_goes_only_when_it_is_in(shop: Shop) -> None:
    path = Links.from_settings(shop.settings).build_return_path("a", 1)
    Pop3.mail, Pop3.deleted = f"Delivered-To: {path}\n{BOUNCE}", []
    reader = ReturnReader(shop.engine, shop.settings)

    def take_all(raws: Sequence[bytes]) -> list[bool]:
        return [one is not None for one in reader.take_all([ReturnedMail(raw) for raw in raws], "mailbox")]

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Pop3) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        mailbox = parse_mailbox_url(f"pop3://ann:w%40rd@127.0.0.1:{server.server_address[1]}")
        assert mailbox.password == "w@rd"
        assert poll_mailbox(mailbox, lambda raws: [False] * len(raws)) == 0
        assert Pop3.deleted == []
        assert poll_mailbox(mailbox, take_all) == 1
        server.shutdown()
    assert (state(shop), Pop3.deleted) == ("bounced", ["DELE 1"])


@pytest.mark.parametrize("url", ["ftp://a:b@c", "imaps://host", "pop3://a:b@mail.example.com", "imaps://a:b@h:x"])
def test_a_wrong_mailbox_is_named(url: str) -> None:
    with pytest.raises(ConfigError, match="SELVEDGE_RETURNS_MAILBOX"):
        parse_mailbox_url(url)


def test_a_server_that_is_away_is_no_reason_to_stop() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(Unavailable, match="SELVEDGE_RETURNS_MAILBOX"):
        poll_mailbox(parse_mailbox_url(f"imap://a:b@127.0.0.1:{port}"), lambda raws: [True] * len(raws))
