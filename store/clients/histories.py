"""Every client's sufficient statistics as arrays: as kept by ingestion, or worked out anew as of an earlier day."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import numpy as np
from sqlalchemy import Connection, Select, and_, func, or_, select

from domain.arrays import Floats
from domain.engagement import DAY, EVENT_WEIGHT, EngagementRules
from domain.histories import Histories
from store.sql.epoch import epoch
from store.tables import clients, engagement, events

BATCH: Final = 50_000
Progress = Callable[[int], None]
"""Told how many more rows were read."""


def latest_event(connection: Connection) -> datetime | None:
    """The latest moment that any client's statistics stand at."""
    return connection.execute(select(func.max(engagement.c.anchor_at))).scalar()


def as_kept(
    connection: Connection, as_of: datetime, progress: Progress = lambda _: None
) -> tuple[list[str], Histories]:
    """The statistics that ingestion keeps, with their client ids, for clients known by `as_of`.

    Right only when no event is later than `as_of`.
    """
    e = engagement.c
    times = [epoch(column) for column in (e.anchor_at, e.last_order_at, e.first_order_at, clients.c.signed_up_at)]
    query = (
        select(clients.c.client_id, *times, e.frequency, e.monetary, e.orders, e.orders_value_cents)
        .select_from(clients.outerjoin(engagement, clients.c.client_id == e.client_id))
        .where(or_(clients.c.signed_up_at <= as_of, e.anchor_at <= as_of))
    )
    ids: list[str] = []
    parts: list[Floats] = []
    for rows in _batches(connection, query):
        columns = list(zip(*rows, strict=True))
        ids.extend(columns[0])
        parts.append(np.array(columns[1:], np.float64))
        progress(len(rows))
    anchor, last, first, signed, *sums = np.concatenate(parts or [np.zeros((8, 0))], axis=1)
    frequency, monetary, orders, cents = (np.nan_to_num(each) for each in sums)
    return ids, Histories(anchor, frequency, monetary, last, first, orders, signed, cents / 100)


def as_of_then(
    connection: Connection, rules: EngagementRules, as_of: datetime, progress: Progress = lambda _: None
) -> tuple[list[str], Histories]:
    """The same from the events up to and with `as_of`, in one pass; clients who came later are left out.

    The sums stand at `as_of` itself: a score does not depend on where they stand.
    """
    known = [(client_id, signed) for rows in _batches(connection, _joined()) for client_id, signed in rows]
    place = {client_id: i for i, (client_id, _) in enumerate(known)}
    sums = _Sums(rules, as_of.timestamp(), len(known))
    for rows in _batches(connection, _counted(as_of)):
        mine = [(place[row[0]], *row[1:]) for row in rows if row[0] in place]
        if mine:
            sums.add(mine)
        progress(len(rows))
    signed_up = np.array([signed for _, signed in known], np.float64)
    there = sums.seen | (signed_up <= as_of.timestamp())
    ids = [client_id for (client_id, _), is_there in zip(known, there.tolist(), strict=True) if is_there]
    return ids, sums.histories(signed_up).part(there)


class _Sums:
    """Decayed sums, filled batch by batch."""

    def __init__(self, rules: EngagementRules, at: float, n: int) -> None:
        self.rules, self.at, self.n = rules, at, n
        self.seen = np.zeros(n, np.bool_)
        self.frequency, self.monetary, self.orders, self.cents = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n)
        self.first, self.last = np.full(n, np.inf), np.full(n, -np.inf)

    def add(self, rows: list[tuple[int, str, float, int | None]]) -> None:
        """Rows of (client's place, type, epoch seconds, cents)."""
        places, kinds, times, cents = zip(*rows, strict=True)
        who, at = np.array(places, np.int64), np.array(times, np.float64)
        fade = np.exp2((at - self.at) / (self.rules.half_life_days * DAY))
        bought = np.array([kind == "order_placed" for kind in kinds])
        paid = np.array([c or 0 for c in cents], np.float64)
        spend = np.log1p(paid / self.rules.value_scale_cents)
        self.seen[who] = True
        self.frequency += np.bincount(who, fade * np.array([EVENT_WEIGHT[kind] for kind in kinds]), self.n)
        self.monetary += np.bincount(who, np.where(bought, fade * spend, 0.0), self.n)
        self.orders += np.bincount(who, bought, self.n)
        self.cents += np.bincount(who, np.where(bought, paid, 0.0), self.n)
        np.minimum.at(self.first, who[bought], at[bought])
        np.maximum.at(self.last, who[bought], at[bought])

    def histories(self, signed_up: Floats) -> Histories:
        """As arrays, with NaN where a client has no event or no order."""
        anchor = np.where(self.seen, self.at, np.nan)
        first = np.where(np.isfinite(self.first), self.first, np.nan)
        last = np.where(np.isfinite(self.last), self.last, np.nan)
        return Histories(anchor, self.frequency, self.monetary, last, first, self.orders, signed_up, self.cents / 100)


def _joined() -> Select[Any]:
    return select(clients.c.client_id, epoch(clients.c.signed_up_at))


def _counted(as_of: datetime) -> Select[Any]:
    """Events that say something about engagement; a scanner's or proxy's click does not."""
    e = events.c
    by_machine = and_(e.type == "email_clicked", e.data["machine"].as_boolean().is_(True))
    return select(e.client_id, e.type, epoch(e.occurred_at), e.value_cents).where(
        e.type.in_(list(EVENT_WEIGHT)), e.occurred_at <= as_of, by_machine.is_not(True)
    )


def _batches(connection: Connection, query: Select[Any]) -> Iterator[Sequence[Any]]:
    """Rows, some at a time, so that memory does not grow with the table."""
    yield from connection.execute(query, execution_options={"yield_per": BATCH}).partitions()
