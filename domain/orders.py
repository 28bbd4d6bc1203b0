"""Orders made of lines: what was bought together is one order, and what came back is taken off it.

Shops report one event a line. Lines that share an order's id, or without one a moment, are one order, placed at the
earliest of its lines and worth their sum. The answer depends on the set of lines alone, never on how they arrived.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, NamedTuple

PLACED: Final = "order_placed"
RETURNED: Final = "order_returned"
ORDER_KINDS: Final = frozenset({PLACED, RETURNED})


class SeenEvent(NamedTuple):
    """One event of a client as stored; of ORDER_KINDS one line bought or sent back. `at` in epoch microseconds. `cents`
    of the whole line, None where the shop does not say; `item_id` None: a whole order. `order_id`: empty where the shop
    has none. `by_machine`: a scanner or proxy opened or clicked, not the client."""

    event_id: str
    kind: str
    at: int
    item_id: str | None = None
    quantity: int = 1
    cents: int | None = None
    order_id: str = ""
    by_machine: bool = False


class SettledOrder(NamedTuple):
    """One order. `at` in epoch microseconds; `cents`: what was paid, less what came back; `kept`: not all of it came
    back."""

    at: int
    cents: int
    kept: bool


@dataclass(slots=True)
class _Part:
    """A line of an open order, and how much of it is left."""

    item_id: str | None
    units: int
    cents: int


@dataclass(slots=True)
class _OpenOrder:
    at: int
    parts: list[_Part] = field(default_factory=list)

    def find_left(self, item_id: str | None) -> list[_Part]:
        """Find the parts of the item, of which something is left to come back."""
        return [part for part in self.parts if part.item_id == item_id and part.units > 0]

    def is_open(self, item_id: str | None, cents: int | None) -> bool:
        """Return whether something is left that money may be paid back for: for an item, of what names none."""
        parts = self.parts if item_id is None else self.find_left(None)
        return any(part.units and (part.cents or cents is None) for part in parts)

    def take_back(self, parts: list[_Part], quantity: int, cents: int | None) -> None:
        """Take `quantity` units off these parts, the first ones first, and `cents`, or their price, off the value."""
        owed = cents or 0
        for part in parts:
            units = min(quantity, part.units)
            owed += part.cents * units // part.units if cents is None else 0
            quantity, part.units = quantity - units, part.units - units
        self._pay_back(owed, parts)

    def take_back_money(self, cents: int | None) -> None:
        """Take money off an order of which no single item came back; None: everything."""
        self._pay_back(sum(part.cents for part in self.parts) if cents is None else cents, self.parts)
        if not any(part.cents for part in self.parts):
            for part in self.parts:
                part.units = 0

    def settle(self) -> SettledOrder:
        return SettledOrder(self.at, sum(part.cents for part in self.parts), any(part.units for part in self.parts))

    def _pay_back(self, owed: int, first: list[_Part]) -> None:
        for part in (*first, *self.parts):
            paid = min(owed, part.cents)
            owed, part.cents = owed - paid, part.cents - paid


def settle_orders(lines: Iterable[SeenEvent]) -> list[SettledOrder]:
    """Settle one client's lines, in any order, to their orders, the earliest first.

    A return goes to the order that it names; else to the latest order before it that holds its item, then to the latest
    that names no item, and without an item to the latest order of which anything is left. One that fits none changes
    nothing. Without a value, a returned item takes back its price, and a returned order all.
    """
    known = sorted(lines, key=lambda line: (line.at, line.event_id))
    if all(line.kind == PLACED for line in known):
        return _add_up(known)
    orders: dict[str | int, _OpenOrder] = {}
    for line in known:
        if line.kind == PLACED:
            order = orders.setdefault(line.order_id or line.at, _OpenOrder(line.at))
            order.parts.append(_Part(line.item_id, line.quantity, line.cents or 0))
    latest = sorted(orders.values(), key=lambda order: order.at)[::-1]
    for line in known:
        if line.kind == RETURNED:
            named = orders.get(line.order_id)
            earlier = (order for order in latest if order.at <= line.at)
            _take_back(line, [named] if named is not None else [] if line.order_id else list(earlier))
    return [order.settle() for order in reversed(latest)]


def _add_up(lines: list[SeenEvent]) -> list[SettledOrder]:
    """Add up lines of which nothing came back, as of most clients."""
    orders: dict[str | int, SettledOrder] = {}
    for line in lines:
        at, cents, kept = orders.get(line.order_id or line.at, (line.at, 0, False))
        orders[line.order_id or line.at] = SettledOrder(at, cents + (line.cents or 0), kept or line.quantity > 0)
    return list(orders.values())


def _take_back(line: SeenEvent, orders: list[_OpenOrder]) -> None:
    """Take a returned line off the first of these orders that fits."""
    for order in orders if line.item_id is not None else ():
        if parts := order.find_left(line.item_id):
            return order.take_back(parts, line.quantity, line.cents)
    if line.item_id is not None and line.cents is None:
        return None  # one item of an order that names none: nobody knows its price
    for order in orders:
        if order.is_open(line.item_id, line.cents):
            return order.take_back_money(line.cents)
    return None
