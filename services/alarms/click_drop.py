"""How far the click rate of the week lies below that of the weeks before."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from domain.click_trend import compute_drop
from models.figures import Tally
from store.figures.tallies import load_tallies

WEEK: Final = 7
BEFORE: Final = 28
"""Days before the week with which it is compared."""


def measure_click_drop(connection: Connection, now: datetime) -> float:
    """Measure by how many standard errors the click rate of the seven days before today lies below that of the four
    weeks before them; 0 where it does not, or where that may be chance or too little to matter."""
    last = now.astimezone(UTC).date() - timedelta(days=1)
    first = last - timedelta(days=WEEK - 1)
    counted = load_tallies(connection, first - timedelta(days=BEFORE), last)
    return compute_drop(
        *_sum(counted, first, last), *_sum(counted, first - timedelta(days=BEFORE), first - timedelta(days=1))
    )


def _sum(counted: Mapping[date, Mapping[Tally, int]], first: date, last: date) -> tuple[int, int]:
    days = [tallies for day, tallies in counted.items() if first <= day <= last]
    return tuple(sum(day.get(tally, 0) for day in days) for tally in (Tally.MAILS_CLICKED, Tally.MAILS_SENT))  # type: ignore[return-value]
