"""What some events change besides the statistics: the quiz, consent and suppression."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select, update

from models.events import ClientUnsubscribed, ConsentChanged, EmailBounced, EmailComplained, Event
from store.mail.policy import ShopPolicy
from store.mail.suppressions import suppress_addresses
from store.sql.bulk import among
from store.tables import clients, events

CONSENT_TYPES: Final = frozenset({"consent_changed", "unsubscribed", "email_complained", "email_bounced"})
"""Event types that may change consent."""


def save_quizzes(connection: Connection, client_ids: Iterable[str]) -> None:
    """Save each client's latest quiz in its row; read from the events, so the order of arrival does not matter."""
    query = (
        select(events.c.client_id, events.c.data)
        .where(among(connection, events.c.client_id, client_ids), events.c.type == "quiz_answered")
        .order_by(events.c.client_id, events.c.occurred_at, events.c.event_id)
    )
    latest = {row.client_id: row.data for row in connection.execute(query)}
    if latest:
        connection.execute(
            update(clients).where(clients.c.client_id == bindparam("_client")).values(quiz=bindparam("_quiz")),
            [{"_client": client_id, "_quiz": _parse_quiz(data or {})} for client_id, data in latest.items()],
        )


def _parse_quiz(data: dict[str, Any]) -> dict[str, Any]:
    lists = {name: list(data.get(name, ())) for name in ("styles", "colours", "categories", "sizes")}
    return lists | {"budget_cents": data.get("budget_cents")}


def parse_consent(event: Event) -> bool | None:
    """Return what an event says about consent; None: nothing."""
    match event:
        case ConsentChanged():
            return event.consent
        case ClientUnsubscribed() | EmailComplained():
            return False
        case EmailBounced():
            return False if event.hard else None
        case _:
            return None


def apply_consent(connection: Connection, policy: ShopPolicy, consent_events: Sequence[Event]) -> list[str]:
    """Apply events about consent: the one that occurred last wins, and a withdrawal wins over a consent at the same
    moment.

    Complaints and hard bounces also suppress the address. Returns the clients who now consent and did not before.
    """
    last: dict[str, tuple[datetime, bool]] = {}  # (when, withdrawn): the greatest holds
    for event in consent_events:
        last[event.client_id] = max(
            last.get(event.client_id, (event.occurred_at, False)), (event.occurred_at, not parse_consent(event))
        )
    columns = (clients.c.client_id, clients.c.email, clients.c.consent, clients.c.consent_at)
    rows = connection.execute(select(*columns).where(among(connection, clients.c.client_id, last))).all()
    changed = [
        {"_client": row.client_id, "_consent": not last[row.client_id][1], "_at": last[row.client_id][0]}
        for row in rows
        if row.consent_at is None or last[row.client_id] > (row.consent_at, not row.consent)
    ]
    if changed:
        connection.execute(
            update(clients)
            .where(clients.c.client_id == bindparam("_client"))
            .values(consent=bindparam("_consent"), consent_at=bindparam("_at")),
            changed,
        )
    _suppress(connection, policy, consent_events, {row.client_id: row.email for row in rows})
    before = {row.client_id: row.consent for row in rows}
    return [row["_client"] for row in changed if row["_consent"] and not before[row["_client"]]]


def _suppress(
    connection: Connection, policy: ShopPolicy, consent_events: Sequence[Event], emails: dict[str, str]
) -> None:
    reasons: dict[str, tuple[str, datetime]] = {}
    for event in sorted(consent_events, key=lambda event: event.occurred_at):
        if isinstance(event, EmailComplained | EmailBounced):
            word = "complaint" if isinstance(event, EmailComplained) else "hard_bounce"
            reasons.setdefault(emails[event.client_id], (word, event.occurred_at))
    suppress_addresses(connection, policy.signing_key, reasons)
