"""Breaks that clients ask for: no mail until a day of their own."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final

from domain.timing import load_zone
from errors import BadInput

LONGEST_DAYS: Final = 366
"""Who wants none for longer unsubscribes."""


def list_bounds(zone: str, now: datetime) -> tuple[date, date]:
    """List the first and the last day until which a break may last, by the client's own calendar."""
    today = now.astimezone(load_zone(zone)).date()
    return today + timedelta(days=1), today + timedelta(days=LONGEST_DAYS)


def compute_break_end(day: date, zone: str, now: datetime) -> datetime:
    """Compute the moment at which a break until `day` ends: when that day begins where the client lives.

    Raises BadInput (field `until`) for a day that is over, or too far away.
    """
    first, last = list_bounds(zone, now)
    if not first <= day <= last:
        raise BadInput(f"choose a day from {first:%-d %B %Y} to {last:%-d %B %Y}", "until")
    return datetime.combine(day, time(), load_zone(zone))
