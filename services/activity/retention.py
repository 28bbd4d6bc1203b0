"""Delete what is older than the shop keeps on record."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection

from settings import Settings
from store.activity import delete_old_activities

MOST_A_NIGHT = 200_000


def forget_old_changes(connection: Connection, settings: Settings, real_now: datetime) -> int:
    """Delete rows of the log that are older than SELVEDGE_ACTIVITY_DAYS, and return how many these were."""
    return delete_old_activities(connection, real_now - timedelta(days=settings.activity_days), MOST_A_NIGHT)
