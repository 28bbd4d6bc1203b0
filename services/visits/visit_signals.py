"""What a ranking may know of anonymous visits: what was done in them, and nothing of a person."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlalchemy import Connection

from domain.histories import ClientSignals, Interaction
from store.visits.visits import VisitRow, load_visits

SEARCHED_AS = "item_viewed"
"""What a search found counts as if it had been looked at."""


def load_visit_signals(
    connection: Connection, visits: Iterable[str], hours: float, now: datetime
) -> list[ClientSignals]:
    """Load the signals of visits, by key; a visit of which nothing is known yet has none."""
    keys = list(visits)
    by_visit = load_visits(connection, keys, now - timedelta(hours=hours)) if keys else {}
    return [ClientSignals(key, touches=tuple(_list_touches(by_visit.get(key, ())))) for key in keys]


def _list_touches(rows: Iterable[VisitRow]) -> Iterable[Interaction]:
    for row in rows:
        kind = SEARCHED_AS if row.type == "searched" else row.type
        yield from (Interaction(item_id, kind, row.at.timestamp()) for item_id in row.items)
