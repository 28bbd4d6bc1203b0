"""What the store keeps of each client's orders in constant time, and what a learnt model reads of it.

From these four figures alone the chance of an order ranks as well as from all orders (docs/decisions, 17); so an
assessment reads one row, and a million clients are scored from arrays.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from algorithms.risk.features import of_rhythm
from algorithms.risk.orders import WEEK, Orders, Rhythm
from domain.arrays import Floats, Ints


@dataclass(frozen=True, slots=True)
class Kept:
    """n clients who ordered, each of shape (n,): how many orders, the days (since 1970) of the first and the last, and
    what all of them were worth."""

    orders: Floats
    first: Floats
    last: Floats
    value: Floats

    def __len__(self) -> int:
        return len(self.orders)

    def part(self, rows: slice | Ints | NDArray[np.bool_]) -> Kept:
        """Some of the clients."""
        return Kept(*(getattr(self, field.name)[rows] for field in fields(self)))

    def rhythm(self, day: Floats | float) -> Rhythm:
        """As of a day, which is taken to be no earlier than the last order. Orders of one day are one order, as far as
        that can be told: no more repeat orders than days between the first and the last."""
        between = self.last - self.first
        x = np.minimum(self.orders - 1, np.ceil(between))
        t_x = np.where(x > 0, between, 0.0)
        first = self.last - t_x
        return Rhythm(x, t_x / WEEK, (np.maximum(day, self.last) - first) / WEEK)


def kept_of(past: Orders) -> Kept:
    """What the store would have kept of these orders."""
    start = past.starts()
    end = np.append(start[1:], len(past)) - 1
    paid = np.zeros(len(past)) if past.value is None else past.value
    value = np.bincount(past.client, paid, len(past.ids)).astype(np.float64)
    orders = (end - start + 1).astype(np.float64)
    return Kept(orders, past.day[start].astype(np.float64), past.day[end].astype(np.float64), value)


def features(clients: Rhythm, value: Floats, horizon: int, log_odds: Floats, usual: float) -> Floats:
    """Of each client, shape (n, 10): their rhythm, then the logarithms of mean and total value."""
    worth = np.maximum(value, 0.0)
    columns = [np.log1p(worth / (clients.x + 1)), np.log1p(worth)]
    return np.column_stack([of_rhythm(clients, horizon, log_odds, usual), *columns])
