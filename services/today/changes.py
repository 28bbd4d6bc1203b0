"""What people changed since yesterday, put together by what they did."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Engine

from models.actors import Activity
from store.activity import list_activities
from store.database import read_transaction

DAY = timedelta(days=1)
FARTHEST = 500
"""Changes looked at: more than people make in a day."""


class DayChange(NamedTuple):
    """What was done since yesterday: how often, by whom, and when last."""

    action: str
    many: int
    people: tuple[str, ...]
    last: datetime


def list_day_changes(engine: Engine, now: datetime) -> list[DayChange]:
    """List what was changed in the last day of business time, the latest first."""
    with read_transaction(engine) as connection:
        rows = [row for row in list_activities(connection, limit=FARTHEST) if row.at > now - DAY]
    by_action: dict[str, list[Activity]] = defaultdict(list)
    for row in rows:
        by_action[row.action].append(row)
    changes = [
        DayChange(action, len(own), tuple(dict.fromkeys(row.actor.who for row in own)), max(row.at for row in own))
        for action, own in by_action.items()
    ]
    return sorted(changes, key=lambda change: change.last, reverse=True)
