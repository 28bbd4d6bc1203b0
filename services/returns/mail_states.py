"""What returns change: the states of the mails, and the suppression of the mailboxes to which those mails went."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import Connection

from domain.bounces import is_dead_by_soft_bounces
from models.states import OutreachState
from store.mail import ledger, mailboxes
from store.mail.returned import SentMail
from store.mail.suppressions import COMPLAINT, HARD_BOUNCE, SOFT_BOUNCES, suppress_mailboxes
from store.offers import grants

REMEMBERED: Final = timedelta(days=90)
"""How far back bounces in a row are counted."""


class BouncedMail(NamedTuple):
    """A mail that bounced. `hard`: its address leads nowhere; `at`: business time."""

    mail: SentMail
    hard: bool
    code: str
    at: datetime


def record_bounces(connection: Connection, bounces: Sequence[BouncedMail]) -> None:
    """Move mails of different mailboxes to `bounced`, and suppress the mailboxes that are dead."""
    moves = [ledger.MailReturn(b.mail.client_id, b.mail.n, b.at, _build_word(b)) for b in bounces]
    ledger.move_returned(connection, moves, OutreachState.BOUNCED)
    for offer, client_id, n in grants.list_bounced(connection, [(move.client_id, move.n) for move in moves]):
        grants.return_grant(connection, offer, client_id, n)
    suppress_mailboxes(connection, {b.mail.mailbox: (HARD_BOUNCE, b.at) for b in bounces if b.hard})
    give_up_mailboxes(connection, {b.mail.mailbox: b.at for b in bounces if not b.hard})


def record_complaints(connection: Connection, complaints: Sequence[tuple[SentMail, datetime]]) -> None:
    """Move mails of different mailboxes to `complained`, and suppress the mailboxes."""
    moves = [ledger.MailReturn(mail.client_id, mail.n, at, "complaint") for mail, at in complaints]
    ledger.move_returned(connection, moves, OutreachState.COMPLAINED)
    suppress_mailboxes(connection, {mail.mailbox: (COMPLAINT, at) for mail, at in complaints})


def give_up_mailboxes(connection: Connection, moments: Mapping[str, datetime]) -> None:
    """Suppress those of these mailboxes that bounced softly too often in a row: mailbox -> business time."""
    wanted = {mailbox: at for mailbox, at in moments.items() if mailbox}
    if not wanted:
        return
    mails = mailboxes.load_mailbox_mails(connection, wanted, min(wanted.values()) - REMEMBERED)
    # Whoever read or ordered is asked of only where the bounces alone would do: they seldom do.
    suspect = {box: at for box, at in wanted.items() if is_dead_by_soft_bounces(mails.get(box, ()), None, at)}
    dead = {
        box: (SOFT_BOUNCES, at)
        for box, at in suspect.items()
        if is_dead_by_soft_bounces(mails[box], mailboxes.find_cleared_at(connection, box), at)
    }
    suppress_mailboxes(connection, dead)


def _build_word(bounce: BouncedMail) -> str:
    head = mailboxes.HARD if bounce.hard else mailboxes.SOFT
    return f"{head}_{bounce.code}" if bounce.code else head
