"""A client's word on our mail, given through a link in it: taken at once, and told from what still is under way."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final, NamedTuple

from sqlalchemy import Connection, func, select, update

from models.base import ClientId
from models.events import ConsentChanged, Event, Unsubscribed
from models.states import OutreachState
from store.events.events import accept
from store.mail.policy import Terms
from store.tables import clients, outreaches

_TICK: Final = timedelta(microseconds=1)


def withdraw(
    connection: Connection, client_id: ClientId, n: int, at: datetime, real_now: datetime, terms: Terms
) -> bool:
    """Take back consent, by a link in mail `n`, at business time `at`; whether there was consent to take back.

    Idempotent. It holds even against a consent that a faster clock has stamped later. Must run in a transaction that
    writes.
    """
    row = _row(connection, client_id)
    if row is None or not row.consent:
        return False
    at = max(at, row.consent_at or at)
    said = Unsubscribed(
        event_id=_event_id("left", client_id, n, row),
        client_id=client_id,
        occurred_at=at,
        outreach=outreach_key(client_id, n),
    )
    _say(connection, said, False, terms, real_now)
    return True


def restore(
    connection: Connection, client_id: ClientId, n: int, at: datetime, real_now: datetime, terms: Terms
) -> bool:
    """Give consent again, by a link in mail `n`, after it was taken back; whether that changed anything."""
    row = _row(connection, client_id)
    if row is None or row.consent:
        return False
    at = at if row.consent_at is None else max(at, row.consent_at + _TICK)  # at the same moment a withdrawal wins
    said = ConsentChanged(
        event_id=_event_id("stayed", client_id, n, row), client_id=client_id, occurred_at=at, consent=True
    )
    _say(connection, said, True, terms, real_now)
    return True


def settling(connection: Connection, client_id: ClientId) -> int:
    """How many of the client's mails are with the mail server at this moment: begun, and not yet answered."""
    rows = select(func.count()).where(
        outreaches.c.client_id == client_id, outreaches.c.state == OutreachState.DATA.value
    )
    return int(connection.scalar(rows) or 0)


class _Word(NamedTuple):
    """What the client's row says."""

    consent: bool
    consent_at: datetime | None


def _row(connection: Connection, client_id: ClientId) -> _Word | None:
    found = connection.execute(
        select(clients.c.consent, clients.c.consent_at).where(clients.c.client_id == client_id).with_for_update()
    ).one_or_none()
    return None if found is None else _Word(*found)


def _say(connection: Connection, said: Event, consent: bool, terms: Terms, real_now: datetime) -> None:
    """Keep the event with all that follows from it, and then make sure that the client's row agrees."""
    accept(connection, [said], terms, said.occurred_at, real_now)
    connection.execute(
        update(clients)
        .where(clients.c.client_id == said.client_id, clients.c.consent != consent)
        .values(consent=consent, consent_at=said.occurred_at)
    )


def _event_id(word: str, client_id: ClientId, n: int, row: _Word) -> str:
    """One id for one change of one consent, however often its link is used; a later change gets another."""
    return f"{word}.{sha256(f'{word} {client_id}/{n} {row.consent_at}'.encode()).hexdigest()[:40]}"


def outreach_key(client_id: ClientId, n: int) -> str | None:
    """The send key as events write it; longer than an id may be for the longest client ids, and then left out."""
    key = f"{client_id}.{n}"
    return key if len(key) <= 64 else None
