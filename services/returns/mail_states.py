"""What a return changes: the state of the mail, and the suppression of the mailbox to which that mail went."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from domain.bounces import is_dead_by_soft_bounces
from models.states import OutreachState
from store.mail import ledger, mailboxes
from store.mail.returned import SentMail, save_sent_time
from store.mail.suppressions import COMPLAINT, HARD_BOUNCE, SOFT_BOUNCES, suppress_mailboxes

REMEMBERED: Final = timedelta(days=90)
"""How far back bounces in a row are counted."""


def record_bounce(connection: Connection, mail: SentMail, hard: bool, code: str, at: datetime) -> bool:
    """Move the mail to `bounced`, and suppress its mailbox where it is dead; return whether that changed anything."""
    word = f"{mailboxes.HARD if hard else mailboxes.SOFT}{'_' if code else ''}{code}"
    moved = _move(connection, mail, OutreachState.BOUNCED, word, at)
    if hard:
        return bool(suppress_mailboxes(connection, {mail.mailbox: (HARD_BOUNCE, at)})) or moved
    return give_up_mailbox(connection, mail.mailbox, at) or moved


def record_complaint(connection: Connection, mail: SentMail, at: datetime) -> bool:
    """Move the mail to `complained`, and suppress its mailbox; return whether that changed anything."""
    moved = _move(connection, mail, OutreachState.COMPLAINED, "complaint", at)
    return bool(suppress_mailboxes(connection, {mail.mailbox: (COMPLAINT, at)})) or moved


def give_up_mailbox(connection: Connection, mailbox: str, at: datetime) -> bool:
    """Suppress a mailbox that bounced softly too often in a row; return whether it was."""
    if not mailbox:
        return False
    mails = mailboxes.load_mailbox_mails(connection, mailbox, at - REMEMBERED)
    if not is_dead_by_soft_bounces(mails, mailboxes.find_cleared_at(connection, mailbox), at):
        return False
    return bool(suppress_mailboxes(connection, {mailbox: (SOFT_BOUNCES, at)}))


def _move(connection: Connection, mail: SentMail, to: OutreachState, code: str, at: datetime) -> bool:
    moved = ledger.move_mail(connection, mail.client_id, mail.n, to, at, code=code)
    if moved:  # one that was still in `data`, or unknown, did leave
        save_sent_time(connection, mail, at)
    return moved
