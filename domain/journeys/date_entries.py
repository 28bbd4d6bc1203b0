"""When a client enters a campaign because of a day that an attribute of theirs names."""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta

from domain.journeys.entries import EntryOccasion
from domain.timing import load_zone
from models.base import ClientId
from models.campaign_definition import DateEntry

AHEAD = timedelta(days=2)
"""How long before the day a client is let in, to wait for it."""


def list_days(entry: DateEntry, now: datetime) -> list[date]:
    """List the days that an attribute may name for an entry that begins about now, somewhere on Earth."""
    around = [(now + timedelta(days=k)).date() for k in (-2, -1, 0, 1, 2, 3)]
    return [day - timedelta(days=entry.offset_days) for day in around]


def list_month_days(days: Iterable[date]) -> list[tuple[int, int]]:
    """List the months and days of days; the 29th of February is on the 28th where the year has no other."""
    found = {(day.month, day.day) for day in days}
    if any((day.month, day.day) == (2, 28) and not calendar.isleap(day.year) for day in days):
        found.add((2, 29))
    return sorted(found)


def find_occasion(entry: DateEntry, client_id: ClientId, named: date, zone: str, now: datetime) -> EntryOccasion | None:
    """Find when the way of a client begins whose attribute names a day: at midnight of the client's own clock; None for
    one that is not near."""
    for day in list_days(entry, now):
        if not _names(entry, named, day):
            continue
        begins = datetime.combine(day + timedelta(days=entry.offset_days), time(), load_zone(zone)).astimezone(UTC)
        if now - timedelta(days=1) <= begins <= now + AHEAD:
            return EntryOccasion(client_id, begins, begins)
    return None


def _names(entry: DateEntry, named: date, day: date) -> bool:
    if not entry.yearly or named > day:
        return named == day
    if (named.month, named.day) == (2, 29) and not calendar.isleap(day.year):
        return (day.month, day.day) == (2, 28)
    return (named.month, named.day) == (day.month, day.day)
