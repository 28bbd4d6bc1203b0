"""Consent that a client gives or takes back by a link in a mail."""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from typing import Final, NamedTuple

from sqlalchemy import Connection, select, update

from domain.consent import find_source
from models.base import ClientId
from models.events import ClientUnsubscribed, ConsentChanged, Event
from store.events.events import accept_events
from store.mail import returned, suppressions, withdrawals
from store.mail.mailbox_fill import fill_missing
from store.mail.policy import ShopPolicy
from store.tables import clients

_TICK: Final = timedelta(microseconds=1)
STAY_FOR: Final = timedelta(days=7)
"""Business time for which a link may undo the withdrawal that it made."""


class StayOutcome(StrEnum):
    """What became of the wish to stay on the list."""

    BACK = "back"
    """The client is on the list, as before the link was used."""
    EXPIRED = "expired"
    """The link was used too long ago to undo that."""
    OTHER = "other"
    """Something else stands in the way: a complaint, or another withdrawal than this link's."""


class _ConsentRow(NamedTuple):
    """The consent columns of a client's row."""

    consent: bool
    consent_at: datetime | None
    mailbox: str


def withdraw_consent(
    connection: Connection, client_id: ClientId, n: int, at: datetime, real_now: datetime, policy: ShopPolicy
) -> bool:
    """Withdraw consent, by a link in mail `n`, at business time `at`, for the client, their mailbox and the one to
    which that mail went; return whether there was anything to withdraw.

    Idempotent. It holds even against a consent that a faster clock has stamped later. Must run in a transaction that
    writes.
    """
    fill_missing(connection, policy, [client_id])
    row = _load_consent(connection, client_id)
    if row is None or (not row.consent and _is_withdrawn(connection, client_id)):
        return False
    before = withdrawals.find_withdrawal(connection, row.mailbox)
    at = max(at, row.consent_at or at)
    event = ClientUnsubscribed(
        event_id=_build_event_id("left", client_id, n, row, before),
        client_id=client_id,
        occurred_at=at,
        outreach=build_outreach_key(client_id, n),
    )
    _save_event(connection, event, False, policy, real_now)
    for mailbox in _list_mailboxes(connection, client_id, n, row, at):
        withdrawals.mark_link(connection, mailbox, build_link_key(client_id, n))
    return True


def restore_consent(
    connection: Connection, client_id: ClientId, n: int, at: datetime, real_now: datetime, policy: ShopPolicy
) -> StayOutcome:
    """Undo the withdrawal that the link in mail `n` made, if it was the last one and is not long ago."""
    row = _load_consent(connection, client_id)
    if row is None:
        return StayOutcome.OTHER
    keys = {row.mailbox, suppressions.hash_address(policy.signing_key, _load_email(connection, client_id))}
    held = suppressions.load_suppression(connection, keys)
    if held is not None and held.lifted_at is None:
        return StayOutcome.OTHER
    if row.consent and not _is_withdrawn(connection, client_id):
        return StayOutcome.BACK
    last = withdrawals.find_withdrawal(connection, row.mailbox)
    if last is None or last.link != build_link_key(client_id, n):
        return StayOutcome.OTHER
    if at - last.at > STAY_FOR:
        return StayOutcome.EXPIRED
    _undo(connection, client_id, n, at, real_now, policy, row, last)
    return StayOutcome.BACK


def _undo(
    connection: Connection,
    client_id: ClientId,
    n: int,
    at: datetime,
    real_now: datetime,
    policy: ShopPolicy,
    row: _ConsentRow,
    last: withdrawals.Withdrawal,
) -> None:
    later = max(at, last.at + _TICK, (row.consent_at or at) + _TICK)  # at the same moment a withdrawal wins
    event_id = _build_event_id("stayed", client_id, n, row, last)
    event = ConsentChanged(event_id=event_id, client_id=client_id, occurred_at=later, consent=True, source="stay")
    _save_event(connection, event, True, policy, real_now)
    for mailbox in _list_mailboxes(connection, client_id, n, row, at):
        made = withdrawals.find_withdrawal(connection, mailbox)
        if made is not None and made.link == last.link:
            withdrawals.undo_withdrawal(connection, made)


def list_leaving_mailboxes(connection: Connection, client_id: ClientId, n: int, now: datetime) -> set[str]:
    """List the mailboxes that a link in mail `n` speaks for: the client's, and the one to which that mail went."""
    row = _load_consent(connection, client_id)
    return set() if row is None else _list_mailboxes(connection, client_id, n, row, now)


def _list_mailboxes(connection: Connection, client_id: ClientId, n: int, row: _ConsentRow, at: datetime) -> set[str]:
    mail = returned.find_sent_mail(connection, client_id, n, at)
    return {mailbox for mailbox in (row.mailbox, mail.mailbox if mail else "") if mailbox}


def _is_withdrawn(connection: Connection, client_id: ClientId) -> bool:
    query = select(clients.c.client_id).join(withdrawals.TABLE, withdrawals.match_in_force())
    return connection.scalar(query.where(clients.c.client_id == client_id)) is not None


def _load_email(connection: Connection, client_id: ClientId) -> str:
    return connection.scalar(select(clients.c.email).where(clients.c.client_id == client_id)) or ""


def _load_consent(connection: Connection, client_id: ClientId) -> _ConsentRow | None:
    row = connection.execute(
        select(clients.c.consent, clients.c.consent_at, clients.c.mailbox)
        .where(clients.c.client_id == client_id)
        .with_for_update()
    ).one_or_none()
    return None if row is None else _ConsentRow(*row)


def _save_event(connection: Connection, event: Event, consent: bool, policy: ShopPolicy, real_now: datetime) -> None:
    """Save the event with everything that follows from it, then make sure that the client's row agrees."""
    accept_events(connection, [event], policy, event.occurred_at, real_now)
    connection.execute(
        update(clients)
        .where(clients.c.client_id == event.client_id, clients.c.consent != consent)
        .values(consent=consent, consent_at=event.occurred_at, consent_source=find_source(event))
    )


def _build_event_id(
    word: str, client_id: ClientId, n: int, row: _ConsentRow, withdrawal: withdrawals.Withdrawal | None
) -> str:
    """Build one id for one change of one consent, however often its link is used; a later change gets another."""
    since = None if withdrawal is None else withdrawal.at
    return f"{word}.{sha256(f'{word} {client_id}/{n} {row.consent_at} {since}'.encode()).hexdigest()[:40]}"


def build_link_key(client_id: ClientId, n: int) -> str:
    """Build the mark of the mail whose link made a withdrawal; it names nobody."""
    return sha256(f"link {client_id}/{n}".encode()).hexdigest()[:40]


def build_outreach_key(client_id: ClientId, n: int) -> str | None:
    """Build the send key as events write it; None where a very long client id makes it longer than an id may be."""
    key = f"{client_id}.{n}"
    return key if len(key) <= 64 else None
