"""A real mailbox is polled by IMAP and POP3: what was taken in is marked or gone, the rest stays for the next look."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bench.opt_outs import build_settings
from bench.returns import build_mails, fill_ledger
from errors import Unavailable
from mail.links import Links
from mail.returns.mailbox_poll import TOGETHER, parse_mailbox_url, poll_mailbox
from services.returns.reading import ReturnedMail, ReturnReader
from store.database import connect, read_transaction
from store.tables import returns
from tests.support.dovecot import Dovecot, dovecot

__all__ = ["dovecot"]

MAILS = TOGETHER + 5
"""More than are fetched at once."""


@pytest.mark.parametrize("scheme", ["imap", "pop3"])
def test_a_mailbox_is_read_once_and_nothing_is_lost(dovecot: Dovecot, tmp_path: Path, scheme: str) -> None:
    settings = build_settings(tmp_path)
    fill_ledger(settings, MAILS)
    engine = connect(settings.database)
    reader, refused = ReturnReader(engine, settings), 3
    dovecot.empty()
    for mail in build_mails(Links.from_settings(settings), MAILS):
        dovecot.put_mail(f"Delivered-To: {mail.recipient}\n".encode() + mail.raw)
    port = dovecot.imap if scheme == "imap" else dovecot.pop3
    mailbox = parse_mailbox_url(f"{scheme}://ann:w%40rd@127.0.0.1:{port}/INBOX")

    def take_some(raws: Sequence[bytes]) -> list[bool]:
        taken = reader.take_all([ReturnedMail(raw) for raw in raws], "mailbox")
        return [one is not None and k != refused for k, one in enumerate(taken)]

    def take_all(raws: Sequence[bytes]) -> list[bool]:
        return [one is not None for one in reader.take_all([ReturnedMail(raw) for raw in raws], "mailbox")]

    with pytest.raises(Unavailable):
        poll_mailbox(parse_mailbox_url(f"{scheme}://ann:wrong@127.0.0.1:{port}"), take_all)
    first = poll_mailbox(mailbox, take_some)
    with read_transaction(engine) as connection:
        assert connection.scalar(select(func.count()).select_from(returns)) == MAILS
    assert first == MAILS - 2, "one of each group must be fetched again"
    assert poll_mailbox(mailbox, take_all) == 2
    assert poll_mailbox(mailbox, take_all) == 0, "nothing is read again"
    assert dovecot.list_flags() == (["S"] * MAILS if scheme == "imap" else [])
    with read_transaction(engine) as connection:
        assert connection.scalar(select(func.count()).select_from(returns)) == MAILS
    engine.dispose()
