"""Which of a client's events count for engagement, and as what: an order once, a repeat within a visit not at all.

The answer depends on the set of events alone: any order of arrival and any split into requests gives the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from domain.engagement import EVENT_WEIGHT
from domain.orders import ORDER_KINDS, PLACED, RETURNED, SeenEvent, settle_orders

VISIT: Final = 30 * 60 * 1_000_000
"""Microseconds. A visit is half an hour of the clock: a border that every event knows without its neighbours."""
MOST_OF_A_KIND: Final = 10
"""Events of one kind that count in a visit, each about another item."""


class CountedEvent(NamedTuple):
    """One event that counts, by its kind in EVENT_WEIGHT. `cents`: of an order, less what came back."""

    kind: str
    at: int
    cents: int = 0


def count_events(events: Iterable[SeenEvent]) -> list[CountedEvent]:
    """Choose what counts of one client's events: the first of each kind and item in a visit, and orders that were kept.

    An order that came back whole counts as `order_returned`, at the time of the order.
    """
    counted: list[CountedEvent] = []
    lines: list[SeenEvent] = []
    others: list[SeenEvent] = []
    for event in events:
        if event.kind in ORDER_KINDS:
            lines.append(event)
        elif event.kind in EVENT_WEIGHT and not event.by_machine:
            others.append(event)
    counted += (CountedEvent(event.kind, event.at) for event in _drop_repeats(others))
    for order in settle_orders(lines) if lines else ():
        counted.append(CountedEvent(PLACED, order.at, order.cents) if order.kept else CountedEvent(RETURNED, order.at))
    return counted


def _drop_repeats(events: list[SeenEvent]) -> Sequence[SeenEvent]:
    if len(events) < 2:
        return events
    items: dict[tuple[int, str], set[str | None]] = {}
    first: list[SeenEvent] = []
    for event in sorted(events, key=lambda one: (one.at, one.event_id)):
        known = items.setdefault((event.at // VISIT, event.kind), set())
        if event.item_id not in known and len(known) < MOST_OF_A_KIND:
            known.add(event.item_id)
            first.append(event)
    return first
