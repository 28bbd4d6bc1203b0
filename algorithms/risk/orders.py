"""Orders as arrays, and what they say of each client as of a day.

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

    `client` points into `ids`; every client has an order. `value` is None where none was told.
    """

    ids: tuple[str, ...]
    client: Ints
    day: Ints
    value: Floats | None

    def __len__(self) -> int:
        return len(self.day)

    def until(self, day: int) -> Orders:
        """What had happened by the end of `day`, and the clients known by then."""
        seen = self.day <= day
        kept, client = np.unique(self.client[seen], return_inverse=True)
        value = None if self.value is None else self.value[seen]
        return Orders(tuple(self.ids[i] for i in kept.tolist()), client.astype(np.int64), self.day[seen], value)

    def starts(self) -> Ints:
        """The place of each client's first order, shape (n,)."""
        return np.flatnonzero(np.diff(self.client, prepend=-1))


@dataclass(frozen=True, slots=True)
class Rhythm:
    """What the models need of n clients, each of shape (n,), in weeks.

    `x`: repeat orders; `t_x`: from the first order to the last; `age` (T): from the first to the day asked for.
    """

    x: Floats
    t_x: Floats
    age: Floats

    def part(self, rows: NDArray[np.bool_] | Ints) -> Rhythm:
        """Some of the clients."""
        return replace(self, x=self.x[rows], t_x=self.t_x[rows], age=self.age[rows])


def merged(ids: Sequence[str], day: Ints, value: Floats | None) -> Orders:
    """Orders from rows in any order: same-day ones become one. Raises BadInput when there is none."""
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


def rhythm(orders: Orders, day: int) -> Rhythm:
    """Each client's rhythm as of the end of `day`, no earlier than their last order."""
    start = orders.starts()
    end = np.append(start[1:], len(orders)) - 1
    first, last = orders.day[start], orders.day[end]
    return Rhythm((end - start).astype(np.float64), (last - first) / WEEK, (day - first) / WEEK)


def count_after(orders: Orders, ids: Sequence[str], day: int, horizon: int) -> Floats:
    """How many orders each of `ids` placed in the `horizon` days after `day`, shape (len(ids),)."""
    inside = (orders.day > day) & (orders.day <= day + horizon)
    counted = np.bincount(orders.client[inside], minlength=len(orders.ids)).astype(np.float64)
    place = {name: at for at, name in enumerate(orders.ids)}
    where = np.array([place.get(name, -1) for name in ids], np.int64)
    return np.where(where >= 0, counted[where], 0.0)
