"""Each client's sufficient statistics, updated by a batch of events in a constant number of statements.

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
from domain.engagement import DAY, EVENT_WEIGHT, EngagementRules, compute_score, compute_strength
from store.sql.bulk import among, raw, write_rows
from store.sql.types import to_micros
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


class EngagementEvent(NamedTuple):
    """One event that counts for engagement. `at` in epoch microseconds, `value_cents` of an order."""

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

    def compute_scores(self, rules: EngagementRules, now: datetime) -> Floats:
        """Compute engagement at `now`, 0 to 100, shape (n,)."""
        anchor = _to_seconds(self.anchor)
        a = compute_strength(rules, anchor, self.frequency, self.monetary, _to_seconds(self.last_order))
        return compute_score(rules, anchor, a, now.timestamp())


def absorb_events(connection: Connection, rules: EngagementRules, events: Iterable[EngagementEvent]) -> Statistics:
    """Add events to the stored statistics of their clients, and return the new statistics."""
    rows = list(events)
    client_ids = sorted({row.client_id for row in rows})
    new = _add_events(rules, _load(connection, client_ids), rows)
    columns = (new.frequency, new.monetary, _to_moments(new.last_order), _to_moments(new.first_order))
    values = zip(
        new.client_ids,
        new.anchor.tolist(),
        *(column.tolist() if isinstance(column, np.ndarray) else column for column in columns),
        new.orders.tolist(),
        new.value_cents.tolist(),
        strict=True,
    )
    write_rows(connection, engagement, _COLUMNS, list(values), "replace")
    return new


def _load(connection: Connection, client_ids: Sequence[str]) -> Statistics:
    old = _build_empty(client_ids)
    stored = select(*(raw(connection, engagement.c[name]) for name in _COLUMNS)).where(
        among(connection, engagement.c.client_id, client_ids)
    )
    rows = connection.execute(stored).all()
    if rows:
        ids, anchor, frequency, monetary, last, first, orders, value = zip(*rows, strict=True)
        index = {client_id: i for i, client_id in enumerate(client_ids)}
        i = [index[client_id] for client_id in ids]
        old.anchor[i], old.frequency[i], old.monetary[i] = _to_micros(anchor), frequency, monetary
        old.last_order[i], old.first_order[i] = _to_micros(last), _to_micros(first)
        old.orders[i], old.value_cents[i] = orders, value
    return old


def _build_empty(client_ids: Sequence[str]) -> Statistics:
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


def _add_events(rules: EngagementRules, old: Statistics, rows: Sequence[EngagementEvent]) -> Statistics:
    index = {client_id: i for i, client_id in enumerate(old.client_ids)}
    n = len(index)
    who = np.fromiter((index[row.client_id] for row in rows), np.int64, len(rows))
    at = np.fromiter((row.at for row in rows), np.int64, len(rows))
    cents = np.fromiter((row.value_cents for row in rows), np.int64, len(rows))
    weight = np.fromiter((EVENT_WEIGHT.get(row.kind, 0.0) for row in rows), np.float64, len(rows))
    is_order = np.fromiter((row.kind == "order_placed" for row in rows), np.bool_, len(rows))
    spend = np.where(is_order, np.log1p(np.maximum(cents, 0) / rules.value_scale_cents), 0.0)

    anchor = old.anchor.copy()
    np.maximum.at(anchor, who, at)
    fade_old = np.where(old.anchor == _NEVER, 0.0, _compute_fade(rules, anchor, old.anchor))
    fade_new = _compute_fade(rules, anchor[who], at)
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


def _compute_fade(rules: EngagementRules, later: Ints, earlier: Ints) -> Floats:
    seconds = np.where(earlier == _NEVER, 0, later - earlier) / _SECOND
    return np.asarray(np.exp2(-seconds / (rules.half_life_days * DAY)), np.float64)


def _to_seconds(moments: Ints) -> Floats:
    return np.where(moments == _NEVER, np.nan, moments / _SECOND)


def _to_moments(moments: Ints) -> list[int | None]:
    return [None if moment == _NEVER else moment for moment in moments.tolist()]


def _to_micros(moments: Sequence[Any]) -> list[int]:
    return [_NEVER if m is None else m if isinstance(m, int) else to_micros(m) for m in moments]
