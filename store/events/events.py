"""Incoming events: what the check of a batch needs, and the rows of those that come in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from functools import cache
from typing import Any

from sqlalchemy import Connection, Select, bindparam, select, update

from domain.intake import EventFacts
from store.clients.client_changes import note_changes
from store.clients.clients import find_existing
from store.events.rows import COLUMNS, EventRow
from store.mail.suppressions import find_erased
from store.sql.bulk import among, give, match_given, write_rows
from store.tables import clients, events, items


def load_event_facts(connection: Connection, rows: Sequence[EventRow], signing_key: str) -> EventFacts:
    """Load what the check of these rows needs, in a constant number of statements, and lock the clients of the batch
    (PostgreSQL), so that batches of one client take turns."""
    client_ids = {row.client_id for row in rows}
    known = frozenset(find_existing(connection, client_ids, lock=True))
    return EventFacts(
        clients=known,
        erased=frozenset(find_erased(connection, signing_key, client_ids - known)),
        items=_load_item_ids(connection, {row.item_id for row in rows if row.item_id is not None}),
        owners=_load_owners(connection, (row.event_id for row in rows)),
    )


def insert_events(connection: Connection, rows: Iterable[EventRow]) -> set[str]:
    """Insert the rows of events, each id once, note that their clients changed, and return the ids that another writer
    inserted first."""
    # By key: near ones together in the index, and one order for all writers.
    ordered = sorted(rows, key=lambda row: row.event_id)
    written = write_rows(connection, events, COLUMNS, ordered, "keep")
    note_changes(connection, (row.client_id for row in ordered))
    return set() if written is None else {row.event_id for row in ordered} - set(written)


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


def _load_owners(connection: Connection, event_ids: Iterable[str]) -> dict[str, str]:
    """Load whose events those are that are stored, by event id."""
    rows = connection.execute(_select_owners(connection.dialect.name), give(connection, event_ids))
    return {row.event_id: row.client_id for row in rows}


@cache  # building it takes longer than running it
def _select_owners(dialect: str) -> Select[tuple[str, str]]:
    return select(events.c.event_id, events.c.client_id).where(match_given(dialect, events.c.event_id))


def _load_item_ids(connection: Connection, item_ids: Set[str]) -> frozenset[str] | None:
    if not item_ids:
        return frozenset()
    known = frozenset(connection.scalars(select(items.c.item_id).where(among(connection, items.c.item_id, item_ids))))
    if not known and connection.scalar(select(items.c.item_id).limit(1)) is None:
        return None
    return known
