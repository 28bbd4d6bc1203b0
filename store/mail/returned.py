"""What a return changes: the state of the mail, and the suppression of the mailbox to which that mail went."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import Connection, func, select, update

from domain.bounces import is_dead_by_soft_bounces
from domain.outreach import COUNTED, RETURNED
from models.base import ClientId
from models.states import OutreachState
from store.mail import ledger, mailboxes
from store.mail.suppressions import COMPLAINT, HARD_BOUNCE, SOFT_BOUNCES, suppress_mailboxes
from store.tables import clients, outreaches

REMEMBERED: Final = timedelta(days=90)
"""How far back bounces in a row are counted."""


class SentMail(NamedTuple):
    """One mail that left, and where it went. `mailbox` is that of the client now for a mail from before it was kept."""

    client_id: ClientId
    n: int
    mailbox: str


def find_sent_mail(connection: Connection, client_id: ClientId, n: int | None, until: datetime) -> SentMail | None:
    """Find the mail `n` of a client; without `n` the last one that left until then."""
    o = outreaches.c
    query = (
        select(o.client_id, o.n, o.mailbox, clients.c.mailbox.label("present"))
        .join(clients, clients.c.client_id == o.client_id)
        .where(o.client_id == client_id)
    )
    if n is not None:
        query = query.where(o.n == n)
    else:
        left = o.state.in_(sorted(COUNTED | RETURNED)) & (func.coalesce(o.sent_at, o.updated_at) <= until)
        query = query.where(left).order_by(o.n.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return None if row is None else SentMail(row.client_id, row.n, row.mailbox or row.present)


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
        o = outreaches.c
        unset = update(outreaches).where(o.client_id == mail.client_id, o.n == mail.n, o.sent_at.is_(None))
        connection.execute(unset.values(sent_at=at))
    return moved
