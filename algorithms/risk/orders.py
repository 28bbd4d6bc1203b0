"""Orders as arrays, and their summary (x, t_x, T) for each client as of a day.

A day is a number of UTC days since 1970-01-01. Orders of one client on one day are one order, their values summed:
a basket paid in two goes is no sign of a habit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from errors import BadInput

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

WEEK: Final = 7.0
"""Days; the models count in weeks, as the literature does."""


@dataclass(frozen=True, slots=True)
class Orders:
    """m orders of n clients, by client and then by day; each array of shape (m,).

    `client` points into `ids`; every client has an order. `value` is None where orders come without values.
    """

    ids: tuple[str, ...]
    client: Ints
    day: Ints
    value: Floats | None

    def __len__(self) -> int:
        return len(self.day)

    def until(self, day: int) -> Orders:
        """Select the orders placed by the end of `day`, and the clients known by then."""
        known = self.day <= day
        clients, client = np.unique(self.client[known], return_inverse=True)
        value = None if self.value is None else self.value[known]
        return Orders(tuple(self.ids[i] for i in clients.tolist()), client.astype(np.int64), self.day[known], value)

    def find_starts(self) -> Ints:
        """Find the index of each client's first order, shape (n,)."""
        return np.flatnonzero(np.diff(self.client, prepend=-1))


@dataclass(frozen=True, slots=True)
class PurchaseSummary:
    """The sufficient statistics of n clients' orders, each of shape (n,), times in weeks.

    `x`: repeat orders; `t_x`: from the first order to the last; `age` (T): from the first to the day asked for.
    """

    x: Floats
    t_x: Floats
    age: Floats

    def select(self, rows: NDArray[np.bool_] | Ints) -> PurchaseSummary:
        """Select some of the clients."""
        return replace(self, x=self.x[rows], t_x=self.t_x[rows], age=self.age[rows])


def merge_orders(ids: Sequence[str], day: Ints, value: Floats | None) -> Orders:
    """Build orders from rows in any order; those of one client on one day become one.

    Raises BadInput when there is no row.
    """
    if not len(day):
        raise BadInput("there is no order in it", "orders")
    names, client = np.unique(np.asarray(ids, dtype=object), return_inverse=True)
    order = np.lexsort((day, client))
    client, day = client[order].astype(np.int64), day[order]
    new = np.ones(len(day), np.bool_)
    new[1:] = (np.diff(client) != 0) | (np.diff(day) != 0)
    first = np.flatnonzero(new)
    total = None if value is None else np.add.reduceat(value[order], first)
    return Orders(tuple(names.tolist()), client[first], day[first], total)


def summarise_purchases(orders: Orders, day: int) -> PurchaseSummary:
    """Summarise each client's orders as of the end of `day`, which is no earlier than their last order."""
    start = orders.find_starts()
    end = np.append(start[1:], len(orders)) - 1
    first, last = orders.day[start], orders.day[end]
    return PurchaseSummary((end - start).astype(np.float64), (last - first) / WEEK, (day - first) / WEEK)


def count_after(orders: Orders, ids: Sequence[str], day: int, horizon: int) -> Floats:
    """Count the orders that each of `ids` placed in the `horizon` days after `day`, shape (len(ids),)."""
    inside = (orders.day > day) & (orders.day <= day + horizon)
    counts = np.bincount(orders.client[inside], minlength=len(orders.ids)).astype(np.float64)
    index = {name: i for i, name in enumerate(orders.ids)}
    rows = np.array([index.get(name, -1) for name in ids], np.int64)
    return np.where(rows >= 0, counts[rows], 0.0)
