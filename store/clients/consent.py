"""Consent that a client gives or takes back by a link in a mail."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, NamedTuple

from sqlalchemy import Connection, func, select, update

from models.base import ClientId
from models.events import ClientUnsubscribed, ConsentChanged, Event
from models.states import OutreachState
from store.events.events import accept_events
from store.mail.policy import ShopPolicy
from store.tables import clients, outreaches

_TICK: Final = timedelta(microseconds=1)


def withdraw_consent(
    connection: Connection, client_id: ClientId, n: int, at: datetime, real_now: datetime, policy: ShopPolicy
) -> bool:
    """Withdraw consent, by a link in mail `n`, at business time `at`; return whether there was consent to withdraw.

    Idempotent. It holds even against a consent that a faster clock has stamped later. Must run in a transaction that
    writes.
    """
    row = _load_consent(connection, client_id)
    if row is None or not row.consent:
        return False
    at = max(at, row.consent_at or at)
    event = ClientUnsubscribed(
        event_id=_build_event_id("left", client_id, n, row),
        client_id=client_id,
        occurred_at=at,
        outreach=build_outreach_key(client_id, n),
    )
    _save_event(connection, event, False, policy, real_now)
    return True


def restore_consent(
    connection: Connection, client_id: ClientId, n: int, at: datetime, real_now: datetime, policy: ShopPolicy
) -> bool:
    """Give consent again, by a link in mail `n`, after it was withdrawn; return whether that changed anything."""
    row = _load_consent(connection, client_id)
    if row is None or row.consent:
        return False
    at = at if row.consent_at is None else max(at, row.consent_at + _TICK)  # at the same moment a withdrawal wins
    event = ConsentChanged(
        event_id=_build_event_id("stayed", client_id, n, row), client_id=client_id, occurred_at=at, consent=True
    )
    _save_event(connection, event, True, policy, real_now)
    return True


def count_in_delivery(connection: Connection, client_id: ClientId) -> int:
    """Count the client's mails that are with the mail server now: begun, and not yet answered."""
    rows = select(func.count()).where(
        outreaches.c.client_id == client_id, outreaches.c.state == OutreachState.DATA.value
    )
    return int(connection.scalar(rows) or 0)


class _ConsentRow(NamedTuple):
    """The consent columns of a client's row."""

    consent: bool
    consent_at: datetime | None


def _load_consent(connection: Connection, client_id: ClientId) -> _ConsentRow | None:
    row = connection.execute(
        select(clients.c.consent, clients.c.consent_at).where(clients.c.client_id == client_id).with_for_update()
    ).one_or_none()
    return None if row is None else _ConsentRow(*row)


def _save_event(connection: Connection, event: Event, consent: bool, policy: ShopPolicy, real_now: datetime) -> None:
    """Save the event with everything that follows from it, then make sure that the client's row agrees."""
    accept_events(connection, [event], policy, event.occurred_at, real_now)
    connection.execute(
        update(clients)
        .where(clients.c.client_id == event.client_id, clients.c.consent != consent)
        .values(consent=consent, consent_at=event.occurred_at)
    )


def _build_event_id(word: str, client_id: ClientId, n: int, row: _ConsentRow) -> str:
    """Build one id for one change of one consent, however often its link is used; a later change gets another."""
    return f"{word}.{sha256(f'{word} {client_id}/{n} {row.consent_at}'.encode()).hexdigest()[:40]}"


def build_outreach_key(client_id: ClientId, n: int) -> str | None:
    """Build the send key as events write it; None where a very long client id makes it longer than an id may be."""
    key = f"{client_id}.{n}"
    return key if len(key) <= 64 else None
