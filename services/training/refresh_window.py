"""Compute the days that a Refresh looks at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from models.refreshes import (
    RefreshReport,
)


def build_window(refresh: str, now: datetime, refresh_days: int) -> RefreshReport:
    """Build the empty report of a Refresh with the two stretches of days that it looks at."""
    days = timedelta(days=refresh_days)
    cut = find_midnight(now) - days
    return RefreshReport(refresh=refresh, since=cut - days, cut=cut, until=now)


def find_midnight(now: datetime) -> datetime:
    """Find when the day of `now` began, in UTC."""
    return datetime.combine(now.astimezone(UTC).date(), datetime.min.time(), UTC)
