"""When a client enters a campaign because of a day that an attribute of theirs names."""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from domain.journeys.entries import LATE, EntryOccasion
from domain.timing import load_zone
from models.base import ClientId
from models.campaign_definition import DateEntry

AHEAD: Final = LATE
"""How long before the day a client is let in, to wait for it: no longer than `may_enter` takes in."""
_OF_ZONES: Final = timedelta(hours=14)
"""How far the midnight of a zone may be from that of UTC."""


def list_days(entry: DateEntry, now: datetime) -> list[date]:
    """List the days that an attribute may name for an entry that begins about now, somewhere on Earth."""
    first, last = (now - LATE - _OF_ZONES).date(), (now + AHEAD + _OF_ZONES).date()
    around = (first + timedelta(days=k) for k in range((last - first).days + 1))
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
        if now - LATE <= begins <= now + AHEAD:
            return EntryOccasion(client_id, begins, begins)
    return None


def _names(entry: DateEntry, named: date, day: date) -> bool:
    if not entry.yearly or named > day:
        return named == day
    if (named.month, named.day) == (2, 29) and not calendar.isleap(day.year):
        return (day.month, day.day) == (2, 28)
    return (named.month, named.day) == (day.month, day.day)
