"""Each client's sufficient statistics, updated by a batch of events in a constant number of statements.

What a new event adds depends on its neighbours: the other lines of its order, the same item seen in the same visit. So
the batch is stored first; then the orders and visits that it touches are counted without and with it, and the
difference is added. The state is that of a recount from all events, however they arrived (a property test holds it).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import chain
from typing import Any, Final, NamedTuple

import numpy as np
from sqlalchemy import Connection, Engine, select

from domain.arrays import Floats, Ints
from domain.counted_events import VISIT, CountedEvent, count_events
from domain.engagement import DAY, EVENT_WEIGHT, EngagementRules, compute_score, compute_strength
from domain.orders import ORDER_KINDS, PLACED, SeenEvent
from store.database import write_transaction
from store.events.seen import Visit, build_query, iterate_by_client, load_orders_of, load_visits
from store.sql.bulk import among, raw, write_rows
from store.sql.types import to_micros
from store.tables import clients, engagement, events

BATCH: Final = 2_000
"""Clients counted anew in one transaction."""
OnProgress = Callable[[int], None]
"""Called with the number of clients done since the last call."""
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


class EventArrival(NamedTuple):
    """One event that was just stored, or that an older one turned into. `was`: the event as it counted before, None for
    a new one."""

    client_id: str
    event: SeenEvent
    was: SeenEvent | None = None


Group = str | Visit
"""What is counted together: all order lines of a client, or everything else of one visit."""
Groups = Mapping[Group, Sequence[EventArrival]]
Neighbours = Mapping[Group, Sequence[SeenEvent]]
"""What is stored that may count together with something that arrived, and perhaps that itself."""


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


def absorb_events(connection: Connection, rules: EngagementRules, arrivals: Sequence[EventArrival]) -> Statistics:
    """Add stored events to the statistics of their clients, and return the new statistics."""
    old = _load(connection, sorted({arrival.client_id for arrival in arrivals}))
    groups = _group_arrivals(arrivals)
    return _save(connection, _absorb(rules, old, groups, _load_neighbours(connection, old, groups)))


def recount_statistics(engine: Engine, rules: EngagementRules, progress: OnProgress = lambda _: None) -> int:
    """Count everybody's statistics anew from all their events, as after a change of the rules; return of how many
    clients. Ingestion takes the same locks, so neither sees half of the other's work."""
    last: str | None = ""
    done = 0
    while last is not None:
        with write_transaction(engine) as connection:
            query = select(clients.c.client_id).where(clients.c.client_id > last).order_by(clients.c.client_id)
            ids = list(connection.scalars(query.limit(BATCH).with_for_update(key_share=True)))
            own = dict(iterate_by_client(connection, build_query(among(connection, events.c.client_id, ids))))
            arrivals = [EventArrival(client_id, event) for client_id, all_ in own.items() for event in all_]
            _save(connection, _absorb(rules, _build_empty(ids), _group_arrivals(arrivals), {}))
        last = ids[-1] if ids else None
        done += len(ids)
        progress(len(ids))
    return done


def _absorb(rules: EngagementRules, old: Statistics, groups: Groups, neighbours: Neighbours) -> Statistics:
    index = {client_id: i for i, client_id in enumerate(old.client_ids)}
    changes, orders = _count_groups(groups, neighbours)
    new = _add_changes(rules, _move_anchors(rules, old, groups, index), changes, index)
    _set_orders(new, orders, index)
    return new


def _save(connection: Connection, new: Statistics) -> Statistics:
    values = zip(
        new.client_ids,
        _to_moments(new.anchor),
        new.frequency.tolist(),
        new.monetary.tolist(),
        _to_moments(new.last_order),
        _to_moments(new.first_order),
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


def _group_arrivals(arrivals: Iterable[EventArrival]) -> Groups:
    groups: dict[Group, list[EventArrival]] = {}
    for arrival in arrivals:
        client_id, event, _ = arrival
        group = client_id if event.kind in ORDER_KINDS else (client_id, event.at // VISIT)
        groups.setdefault(group, []).append(arrival)
    return groups


def _load_neighbours(connection: Connection, old: Statistics, groups: Groups) -> Neighbours:
    """Load the orders of clients who ordered or returned, and the visits that are not over. Of a client without a past,
    and of a new visit, nothing is read."""
    anchors = dict(zip(old.client_ids, old.anchor.tolist(), strict=True))
    ordering: list[str] = []
    visits: dict[Visit, str] = {}
    for group, own in groups.items():
        if isinstance(group, str):
            if anchors[group] != _NEVER:
                ordering.append(group)
        elif anchors[group[0]] >= group[1] * VISIT or any(one.was is not None for one in own):
            visits[group] = own[0].event.event_id
    orders, seen = load_orders_of(connection, ordering), load_visits(connection, visits)
    return dict(chain[tuple[Group, Sequence[SeenEvent]]](orders.items(), seen.items()))


class _Change(NamedTuple):
    """How often more, or less, something counts for a client."""

    client_id: str
    kind: str
    at: int
    cents: int = 0
    times: int = 1


def _count_groups(groups: Groups, neighbours: Neighbours) -> tuple[list[_Change], dict[str, Sequence[CountedEvent]]]:
    """Count what arrived together with its neighbours; return what changed, and all orders of those who ordered."""
    changes: list[_Change] = []
    orders: dict[str, Sequence[CountedEvent]] = {}
    for group, own in groups.items():
        stored = neighbours.get(group, ())
        client_id, event, was = own[0]
        if len(own) == 1 and not stored and was is None and _is_simple(event):
            changes.append(_Change(client_id, event.kind, event.at))
            continue
        after, before = _count_group(own, stored)
        changes += _compare_counts(client_id, after, before)
        if isinstance(group, str):
            orders[client_id] = after
    return changes, orders


def _is_simple(event: SeenEvent) -> bool:
    """Return whether an event without neighbours counts as it stands, as most do."""
    return event.kind not in ORDER_KINDS and event.kind in EVENT_WEIGHT and not event.by_machine


def _count_group(
    own: Sequence[EventArrival], stored: Sequence[SeenEvent]
) -> tuple[Sequence[CountedEvent], Sequence[CountedEvent]]:
    """Count a group with what arrived, and as it was before."""
    was = {arrival.event.event_id: arrival.was for arrival in own}
    after = {event.event_id: event for event in (*stored, *(arrival.event for arrival in own))}
    before = [one for one in (was.get(key, event) for key, event in after.items()) if one is not None]
    return count_events(after.values()), count_events(before) if before else ()


def _compare_counts(client_id: str, after: Sequence[CountedEvent], before: Sequence[CountedEvent]) -> Iterator[_Change]:
    times = dict.fromkeys((*after, *before), 0)
    for one in after:
        times[one] += 1
    for one in before:
        times[one] -= 1
    return (_Change(client_id, *one, more) for one, more in times.items() if more)


def _move_anchors(rules: EngagementRules, old: Statistics, groups: Groups, index: Mapping[str, int]) -> Statistics:
    """Move each client's anchor to the latest moment known, and fade the sums to it."""
    anchor = old.anchor.copy()
    known = [one for own in groups.values() for one in own if not one.event.by_machine]
    np.maximum.at(anchor, [index[one.client_id] for one in known], [one.event.at for one in known])
    fade = np.where(old.anchor == _NEVER, 0.0, _compute_fade(rules, anchor, old.anchor))
    return replace(old, anchor=anchor, frequency=old.frequency * fade, monetary=old.monetary * fade)


def _add_changes(
    rules: EngagementRules, old: Statistics, changes: Sequence[_Change], index: Mapping[str, int]
) -> Statistics:
    n = len(old.client_ids)
    ids, kinds, at, cents, times = zip(*changes, strict=True) if changes else ((),) * 5
    who = np.array([index[client_id] for client_id in ids], np.int64)
    fade = _compute_fade(rules, old.anchor[who], np.array(at, np.int64)) * np.array(times, np.float64)
    weight = np.array([EVENT_WEIGHT[kind] for kind in kinds], np.float64)
    worth = np.log1p(np.array(cents, np.float64) / rules.value_scale_cents)
    frequency = old.frequency + np.bincount(who, weight * fade, n)
    monetary = old.monetary + np.bincount(who, worth * fade, n)
    # What is taken off leaves a rounding error of either sign.
    return replace(old, frequency=np.maximum(frequency, 0.0), monetary=np.maximum(monetary, 0.0))


def _set_orders(new: Statistics, counted: Mapping[str, Sequence[CountedEvent]], index: Mapping[str, int]) -> None:
    """Set the totals of the clients who ordered or returned."""
    for client_id, after in counted.items():
        who, orders = index[client_id], [one for one in after if one.kind == PLACED]
        moments = [one.at for one in orders] or [_NEVER]
        new.first_order[who], new.last_order[who] = min(moments), max(moments)
        new.orders[who], new.value_cents[who] = len(orders), sum(one.cents for one in orders)


def _compute_fade(rules: EngagementRules, later: Ints, earlier: Ints) -> Floats:
    seconds = np.where(earlier == _NEVER, 0, later - earlier) / _SECOND
    return np.asarray(np.exp2(-seconds / (rules.half_life_days * DAY)), np.float64)


def _to_seconds(moments: Ints) -> Floats:
    return np.where(moments == _NEVER, np.nan, moments / _SECOND)


def _to_moments(moments: Ints) -> list[int | None]:
    return [None if moment == _NEVER else moment for moment in moments.tolist()]


def _to_micros(moments: Sequence[Any]) -> list[int]:
    return [_NEVER if m is None else m if isinstance(m, int) else to_micros(m) for m in moments]
