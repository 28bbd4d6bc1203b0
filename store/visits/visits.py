"""The events of anonymous visits: kept for some hours, then deleted."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection, delete, select

from store.clients.client_changes import note_changes
from store.sql.bulk import among, insert_ignoring
from store.tables import visit_events

MOST: Final = 200
"""Events of one visit that count, the latest."""


class VisitRow(NamedTuple):
    """One event. `visit`: its key."""

    visit: str
    event_id: str
    type: str
    items: list[str]
    at: datetime


def load_known(connection: Connection, rows: Iterable[VisitRow]) -> set[tuple[str, str]]:
    """Load which of these events are there already, by visit and event id."""
    c = visit_events.c
    query = select(c.visit, c.event_id).where(among(connection, c.visit, {row.visit for row in rows}))
    return {(visit, event_id) for visit, event_id in connection.execute(query)}


def save_rows(connection: Connection, rows: Iterable[VisitRow]) -> None:
    """Save events, and note that their visits changed."""
    fresh = list(rows)
    insert_ignoring(connection, visit_events, [row._asdict() for row in fresh])
    note_changes(connection, {row.visit for row in fresh})


def load_visits(connection: Connection, visits: Iterable[str], since: datetime) -> dict[str, list[VisitRow]]:
    """Load the latest events of visits after `since`, oldest first, by visit."""
    c = visit_events.c
    query = select(visit_events).where(among(connection, c.visit, set(visits)), c.at > since).order_by(c.at, c.event_id)
    by_visit: dict[str, list[VisitRow]] = {}
    for row in connection.execute(query):
        by_visit.setdefault(row.visit, []).append(VisitRow(row.visit, row.event_id, row.type, row.items, row.at))
    return {visit: rows[-MOST:] for visit, rows in by_visit.items()}


def delete_visit(connection: Connection, visit: str) -> int:
    """Delete a visit, and note that it changed; return how many events it had."""
    note_changes(connection, [visit])
    return connection.execute(delete(visit_events).where(visit_events.c.visit == visit)).rowcount


def delete_old(connection: Connection, before: datetime) -> int:
    """Delete all events before a moment; return how many."""
    return connection.execute(delete(visit_events).where(visit_events.c.at <= before)).rowcount
