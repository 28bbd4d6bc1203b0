"""Every client's sufficient statistics as arrays: as ingestion stored them, or computed from events as of an earlier
day."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection, Select, func, or_, select

from domain.arrays import Floats
from domain.counted_events import CountedEvent, count_events
from domain.engagement import DAY, EVENT_WEIGHT, EngagementRules
from domain.histories import Histories
from domain.orders import PLACED
from store.clients.purposes import match_refused
from store.events import seen
from store.sql.epoch import epoch
from store.tables import clients, engagement, events

BATCH: Final = 50_000
OnProgress = Callable[[int], None]
"""Called with the number of rows read since the last call."""


def find_latest_event(connection: Connection) -> datetime | None:
    """Find the latest moment to which any client's statistics are brought."""
    return connection.execute(select(func.max(engagement.c.anchor_at))).scalar()


def load_histories(
    connection: Connection, as_of: datetime, progress: OnProgress = lambda _: None
) -> tuple[list[str], Histories]:
    """Load the statistics that ingestion stored, with their client ids, for clients known by `as_of`; without those who
    refuse to be profiled.

    Right only when no event is later than `as_of`.
    """
    e = engagement.c
    times = [epoch(column) for column in (e.anchor_at, e.last_order_at, e.first_order_at, clients.c.signed_up_at)]
    query = (
        select(clients.c.client_id, *times, e.frequency, e.monetary, e.orders, e.orders_value_cents)
        .select_from(clients.outerjoin(engagement, clients.c.client_id == e.client_id))
        .where(or_(clients.c.signed_up_at <= as_of, e.anchor_at <= as_of), ~match_refused())
    )
    ids: list[str] = []
    parts: list[Floats] = []
    for rows in _iterate_batches(connection, query):
        columns = list(zip(*rows, strict=True))
        ids.extend(columns[0])
        parts.append(np.array(columns[1:], np.float64))
        progress(len(rows))
    anchor, last, first, signed, *sums = np.concatenate(parts or [np.zeros((8, 0))], axis=1)
    frequency, monetary, orders, cents = (np.nan_to_num(values) for values in sums)
    return ids, Histories(anchor, frequency, monetary, last, first, orders, signed, cents / 100)


def replay_histories(
    connection: Connection, rules: EngagementRules, as_of: datetime, progress: OnProgress = lambda _: None
) -> tuple[list[str], Histories]:
    """Compute the statistics from the events up to and including `as_of`, in one pass, without clients who came later
    or refuse to be profiled.

    The sums stand at `as_of` itself: a score does not depend on where they stand.
    """
    signups = [
        (client_id, signed) for rows in _iterate_batches(connection, _signups_query()) for client_id, signed in rows
    ]
    position = {client_id: i for i, (client_id, _) in enumerate(signups)}
    sums = _Sums(rules, as_of.timestamp(), len(signups))
    counted: list[tuple[int, CountedEvent]] = []
    read = 0
    for client_id, own in seen.iterate_by_client(connection, seen.build_query(events.c.occurred_at <= as_of)):
        read += len(own)
        if client_id in position:
            counted.extend((position[client_id], one) for one in count_events(own))
        if read >= BATCH:
            sums.add(counted)
            progress(read)
            counted, read = [], 0
    sums.add(counted)
    progress(read)
    signed_up = np.array([signed for _, signed in signups], np.float64)
    is_known = sums.has_events | (signed_up <= as_of.timestamp())
    ids = [client_id for (client_id, _), is_there in zip(signups, is_known.tolist(), strict=True) if is_there]
    return ids, sums.build_histories(signed_up).select(is_known)


class _Sums:
    """Decayed sums, filled batch by batch."""

    def __init__(self, rules: EngagementRules, at: float, n: int) -> None:
        self.rules, self.at, self.n = rules, at, n
        self.has_events = np.zeros(n, np.bool_)
        self.frequency, self.monetary, self.orders, self.cents = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n)
        self.first, self.last = np.full(n, np.inf), np.full(n, -np.inf)

    def add(self, rows: Sequence[tuple[int, CountedEvent]]) -> None:
        """Add rows of (client's index, what counts)."""
        if not rows:
            return
        indices, counted = zip(*rows, strict=True)
        kinds, times, cents = zip(*counted, strict=True)
        who, at = np.array(indices, np.int64), np.array(times, np.float64) / 1e6
        fade = np.exp2((at - self.at) / (self.rules.half_life_days * DAY))
        bought = np.array([kind == PLACED for kind in kinds])
        paid = np.array(cents, np.float64)
        spend = np.log1p(paid / self.rules.value_scale_cents)
        self.has_events[who] = True
        self.frequency += np.bincount(who, fade * np.array([EVENT_WEIGHT[kind] for kind in kinds]), self.n)
        self.monetary += np.bincount(who, np.where(bought, fade * spend, 0.0), self.n)
        self.orders += np.bincount(who, bought, self.n)
        self.cents += np.bincount(who, np.where(bought, paid, 0.0), self.n)
        np.minimum.at(self.first, who[bought], at[bought])
        np.maximum.at(self.last, who[bought], at[bought])

    def build_histories(self, signed_up: Floats) -> Histories:
        """Build the arrays, with NaN where a client has no event or no order."""
        anchor = np.where(self.has_events, self.at, np.nan)
        first = np.where(np.isfinite(self.first), self.first, np.nan)
        last = np.where(np.isfinite(self.last), self.last, np.nan)
        return Histories(anchor, self.frequency, self.monetary, last, first, self.orders, signed_up, self.cents / 100)


def _signups_query() -> Select[Any]:
    return select(clients.c.client_id, epoch(clients.c.signed_up_at)).where(~match_refused())


def _iterate_batches(connection: Connection, query: Select[Any]) -> Iterator[Sequence[Any]]:
    """Iterate over rows in batches, so that memory does not grow with the table."""
    yield from connection.execute(query, execution_options={"yield_per": BATCH}).partitions()
