"""The hours of their own day at which clients read mail, counted by cohort each night, no client by name."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from typing import Final

import numpy as np
from sqlalchemy import Connection, Engine, delete, insert, select

from domain.arrays import Floats
from domain.histories import build_cohorts
from domain.reading_hours import HOURS
from domain.timing import load_zone
from store.database import read_transaction, write_transaction
from store.tables import clients, events, reading_hours

EVERYBODY: Final = ""
LOOK_BACK: Final = timedelta(days=180)
MOST: Final = 20
"""Most opens and clicks of one client that count, so that no single client dominates a cohort."""
FEWEST_CLIENTS: Final = 30
"""Fewest clients of a cohort: fewer would reveal single people."""
BATCH: Final = 50_000


def load_counts(connection: Connection) -> dict[str, Floats]:
    """Load opens and clicks by hour, shape (24,), of each cohort; of all clients under EVERYBODY."""
    rows = connection.execute(select(reading_hours.c.cohort, reading_hours.c.counts))
    return {row.cohort: np.array(row.counts, np.float64) for row in rows}


def count_reading_hours(engine: Engine, now: datetime) -> int:
    """Count the opens and clicks up to `now`, replace the earlier counts, and return how many cohorts there are."""
    with read_transaction(engine) as connection:
        sums, people = _sum_hours(connection, now)
    names = [name for name, count in people.items() if name == EVERYBODY or count >= FEWEST_CLIENTS]
    rows = [{"cohort": name, "clients": people[name], "counts": sums[name]} for name in sorted(names)]
    with write_transaction(engine) as connection:
        connection.execute(delete(reading_hours))
        if rows:
            connection.execute(insert(reading_hours), rows)
    return len(rows)


def _sum_hours(connection: Connection, now: datetime) -> tuple[dict[str, list[int]], Counter[str]]:
    e, c = events.c, clients.c
    query = (
        select(e.client_id, e.occurred_at, c.time_zone, c.tags)
        .join(clients, c.client_id == e.client_id)
        .where(
            e.type.in_(("email_opened", "email_clicked")),
            e.occurred_at > now - LOOK_BACK,
            e.occurred_at <= now,
            e.data["machine"].as_boolean().is_not(True),
        )
    )
    sums: dict[str, list[int]] = defaultdict(lambda: [0] * HOURS)
    people, seen = Counter[str](), Counter[str]()
    for client_id, at, zone, tags in connection.execute(query, execution_options={"yield_per": BATCH}):
        seen[client_id] += 1
        if seen[client_id] > MOST:
            continue
        for name in (EVERYBODY, *build_cohorts(tuple(tags or ()), ())):
            sums[name][at.astimezone(load_zone(zone)).hour] += 1
            people[name] += seen[client_id] == 1
    return sums, people
