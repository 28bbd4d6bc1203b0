"""Each client's sufficient statistics, brought up to date by a batch of events in a constant number of statements.

Equal to `domain.engagement.Engagement.absorb`, one event at a time, whatever the order (a property test holds it).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

import numpy as np
from sqlalchemy import Connection, select

from domain.arrays import Floats, Ints
from domain.engagement import DAY, EVENT_WEIGHT, EngagementRules, score, strength
from store.sql.bulk import among, raw, write
from store.sql.types import micros
from store.tables import engagement

_NEVER: Final = np.iinfo(np.int64).min
_SECOND: Final = 1e6  # microseconds
_COLUMNS: Final = (
    "client_id",
    "anchor_at",
    "frequency",
    "monetary",
    "last_order_at",
    "first_order_at",
    "orders",
    "orders_value_cents",
)


class Counted(NamedTuple):
    """One event that counts. `at` in epoch microseconds, `value_cents` of an order."""

    client_id: str
    kind: str
    at: int
    value_cents: int


@dataclass(frozen=True)
class Statistics:
    """The statistics of `client_ids`, one array an attribute, shape (n,). Moments in microseconds, `_NEVER` if none."""

    client_ids: Sequence[str]
    anchor: Ints
    frequency: Floats
    monetary: Floats
    last_order: Ints
    first_order: Ints
    orders: Ints
    value_cents: Ints

    def scores(self, rules: EngagementRules, now: datetime) -> Floats:
        """Engagement at `now`, 0 to 100, shape (n,)."""
        anchor = _seconds(self.anchor)
        a = strength(rules, anchor, self.frequency, self.monetary, _seconds(self.last_order))
        return score(rules, anchor, a, now.timestamp())


def absorb(connection: Connection, rules: EngagementRules, counted: Iterable[Counted]) -> Statistics:
    """Add events to the stored statistics of their clients; returns those as they stand now."""
    rows = list(counted)
    client_ids = sorted({row.client_id for row in rows})
    new = _added(rules, _load(connection, client_ids), rows)
    columns = (new.frequency, new.monetary, _moments(new.last_order), _moments(new.first_order))
    values = zip(
        new.client_ids,
        new.anchor.tolist(),
        *(column.tolist() if isinstance(column, np.ndarray) else column for column in columns),
        new.orders.tolist(),
        new.value_cents.tolist(),
        strict=True,
    )
    write(connection, engagement, _COLUMNS, list(values), "replace")
    return new


def _load(connection: Connection, client_ids: Sequence[str]) -> Statistics:
    old = _empty(client_ids)
    stored = select(*(raw(connection, engagement.c[name]) for name in _COLUMNS)).where(
        among(connection, engagement.c.client_id, client_ids)
    )
    rows = connection.execute(stored).all()
    if rows:
        ids, anchor, frequency, monetary, last, first, orders, value = zip(*rows, strict=True)
        place = {client_id: i for i, client_id in enumerate(client_ids)}
        i = [place[client_id] for client_id in ids]
        old.anchor[i], old.frequency[i], old.monetary[i] = _micros(anchor), frequency, monetary
        old.last_order[i], old.first_order[i] = _micros(last), _micros(first)
        old.orders[i], old.value_cents[i] = orders, value
    return old


def _empty(client_ids: Sequence[str]) -> Statistics:
    n = len(client_ids)
    never = np.full(n, _NEVER, np.int64)
    return Statistics(
        client_ids,
        never,
        np.zeros(n),
        np.zeros(n),
        never.copy(),
        never.copy(),
        np.zeros(n, np.int64),
        np.zeros(n, np.int64),
    )


def _added(rules: EngagementRules, old: Statistics, rows: Sequence[Counted]) -> Statistics:
    place = {client_id: i for i, client_id in enumerate(old.client_ids)}
    n = len(place)
    who = np.fromiter((place[row.client_id] for row in rows), np.int64, len(rows))
    at = np.fromiter((row.at for row in rows), np.int64, len(rows))
    cents = np.fromiter((row.value_cents for row in rows), np.int64, len(rows))
    weight = np.fromiter((EVENT_WEIGHT.get(row.kind, 0.0) for row in rows), np.float64, len(rows))
    is_order = np.fromiter((row.kind == "order_placed" for row in rows), np.bool_, len(rows))
    spend = np.where(is_order, np.log1p(np.maximum(cents, 0) / rules.value_scale_cents), 0.0)

    anchor = old.anchor.copy()
    np.maximum.at(anchor, who, at)
    fade_old = np.where(old.anchor == _NEVER, 0.0, _fade(rules, anchor, old.anchor))
    fade_new = _fade(rules, anchor[who], at)
    last, first = old.last_order.copy(), old.first_order.copy()
    first[first == _NEVER] = np.iinfo(np.int64).max
    np.maximum.at(last, who[is_order], at[is_order])
    np.minimum.at(first, who[is_order], at[is_order])
    first[first == np.iinfo(np.int64).max] = _NEVER
    value = old.value_cents.copy()
    np.add.at(value, who[is_order], cents[is_order])
    return Statistics(
        old.client_ids,
        anchor,
        old.frequency * fade_old + np.bincount(who, weight * fade_new, n),
        old.monetary * fade_old + np.bincount(who, spend * fade_new, n),
        last,
        first,
        old.orders + np.bincount(who[is_order], minlength=n),
        value,
    )


def _fade(rules: EngagementRules, later: Ints, earlier: Ints) -> Floats:
    seconds = np.where(earlier == _NEVER, 0, later - earlier) / _SECOND
    return np.asarray(np.exp2(-seconds / (rules.half_life_days * DAY)), np.float64)


def _seconds(moments: Ints) -> Floats:
    return np.where(moments == _NEVER, np.nan, moments / _SECOND)


def _moments(moments: Ints) -> list[int | None]:
    return [None if moment == _NEVER else moment for moment in moments.tolist()]


def _micros(moments: Sequence[Any]) -> list[int]:
    return [_NEVER if m is None else m if isinstance(m, int) else micros(m) for m in moments]
