"""What some events change beside the statistics: the quiz, consent and suppression."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, select, update

from models.events import ConsentChanged, EmailBounced, EmailComplained, Event, Unsubscribed
from store.mail.policy import Terms
from store.mail.suppressions import suppress
from store.sql.bulk import among
from store.tables import clients, events

SPEAKING: Final = frozenset({"consent_changed", "unsubscribed", "email_complained", "email_bounced"})
"""Types that may say something about consent."""


def keep_quizzes(connection: Connection, client_ids: Iterable[str]) -> None:
    """Put each client's latest quiz into its row; read from the events, so the order of arrival does not matter."""
    answered = (
        select(events.c.client_id, events.c.data)
        .where(among(connection, events.c.client_id, client_ids), events.c.type == "quiz_answered")
        .order_by(events.c.client_id, events.c.occurred_at, events.c.event_id)
    )
    latest = {row.client_id: row.data for row in connection.execute(answered)}
    if latest:
        connection.execute(
            update(clients).where(clients.c.client_id == bindparam("_client")).values(quiz=bindparam("_quiz")),
            [{"_client": client_id, "_quiz": _quiz(data or {})} for client_id, data in latest.items()],
        )


def _quiz(data: dict[str, Any]) -> dict[str, Any]:
    lists = {name: list(data.get(name, ())) for name in ("styles", "colours", "categories", "sizes")}
    return lists | {"budget_cents": data.get("budget_cents")}


def consent_said(event: Event) -> bool | None:
    """What an event says about consent; None: nothing."""
    match event:
        case ConsentChanged():
            return event.consent
        case Unsubscribed() | EmailComplained():
            return False
        case EmailBounced():
            return False if event.hard else None
        case _:
            return None


def change_consent(connection: Connection, terms: Terms, spoken: Sequence[Event]) -> list[str]:
    """Apply events that say something about consent: what occurred latest holds, and a withdrawal at the same moment.

    Complaints and hard bounces also suppress the address. Returns the clients who now consent and did not before.
    """
    last: dict[str, tuple[datetime, bool]] = {}  # (when, withdrawn): the greatest holds
    for event in spoken:
        last[event.client_id] = max(
            last.get(event.client_id, (event.occurred_at, False)), (event.occurred_at, not consent_said(event))
        )
    columns = (clients.c.client_id, clients.c.email, clients.c.consent, clients.c.consent_at)
    found = connection.execute(select(*columns).where(among(connection, clients.c.client_id, last))).all()
    changed = [
        {"_client": row.client_id, "_consent": not last[row.client_id][1], "_at": last[row.client_id][0]}
        for row in found
        if row.consent_at is None or last[row.client_id] > (row.consent_at, not row.consent)
    ]
    if changed:
        connection.execute(
            update(clients)
            .where(clients.c.client_id == bindparam("_client"))
            .values(consent=bindparam("_consent"), consent_at=bindparam("_at")),
            changed,
        )
    _suppress(connection, terms, spoken, {row.client_id: row.email for row in found})
    before = {row.client_id: row.consent for row in found}
    return [row["_client"] for row in changed if row["_consent"] and not before[row["_client"]]]


def _suppress(connection: Connection, terms: Terms, spoken: Sequence[Event], emails: dict[str, str]) -> None:
    reasons: dict[str, tuple[str, datetime]] = {}
    for event in sorted(spoken, key=lambda each: each.occurred_at):
        if isinstance(event, EmailComplained | EmailBounced):
            word = "complaint" if isinstance(event, EmailComplained) else "hard_bounce"
            reasons.setdefault(emails[event.client_id], (word, event.occurred_at))
    suppress(connection, terms.signing_key, reasons)
