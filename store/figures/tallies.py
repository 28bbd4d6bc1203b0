"""The tallies of days, as they were counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Final

from sqlalchemy import Connection, func, select

from models.figures import Tally
from store.sql.bulk import write_rows
from store.tables import day_tallies

_COLUMNS: Final = ("day", "tally", "amount")


def save_tallies(connection: Connection, day: date, tallies: Mapping[Tally, int]) -> None:
    """Save the tallies of a day in the place of those counted before."""
    rows = [(day.isoformat(), tally.value, int(amount)) for tally, amount in tallies.items()]
    write_rows(connection, day_tallies, _COLUMNS, rows, "replace")


def load_tallies(connection: Connection, since: date, until: date) -> dict[date, dict[Tally, int]]:
    """Load the tallies of each day from `since` to `until`, both included; a day that was not counted has none."""
    d = day_tallies.c
    query = select(d.day, d.tally, d.amount).where(d.day >= since.isoformat(), d.day <= until.isoformat())
    found: dict[str, dict[Tally, int]] = defaultdict(dict)
    for day, tally, amount in connection.execute(query):
        found[day][Tally(tally)] = amount
    days = (since + timedelta(days=n) for n in range((until - since).days + 1))
    return {day: found.get(day.isoformat(), {}) for day in days}


def find_last_counted(connection: Connection) -> date | None:
    """Find the last day that was counted."""
    last = connection.scalar(select(func.max(day_tallies.c.day)))
    return date.fromisoformat(last) if last else None
