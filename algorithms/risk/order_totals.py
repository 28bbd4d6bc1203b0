"""The four totals that the store keeps of each client's orders, and the features that the risk model reads from them.

From these totals alone the chance of an order ranks as well as from all orders (docs/decisions, 17). So an assessment
reads one row, and a million clients are scored from arrays.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from algorithms.risk.features import build_summary_features
from algorithms.risk.orders import WEEK, Orders, PurchaseSummary
from domain.arrays import Floats, Ints


@dataclass(frozen=True, slots=True)
class OrderTotals:
    """Totals of n clients who ordered, each of shape (n,).

    `orders`: how many; `first` and `last`: their days since 1970; `value`: of all of them together.
    """

    orders: Floats
    first: Floats
    last: Floats
    value: Floats

    def __len__(self) -> int:
        return len(self.orders)

    def select(self, rows: slice | Ints | NDArray[np.bool_]) -> OrderTotals:
        """Select some of the clients."""
        return OrderTotals(*(getattr(self, field.name)[rows] for field in fields(self)))

    def summarise(self, day: Floats | float) -> PurchaseSummary:
        """Summarise the orders as of a day, or of the last order where that is later.

        Orders of one day should count as one. Totals cannot say which are, so there are at most as many repeat orders
        as days between the first order and the last.
        """
        span = self.last - self.first
        x = np.minimum(self.orders - 1, np.ceil(span))
        t_x = np.where(x > 0, span, 0.0)
        first = self.last - t_x
        return PurchaseSummary(x, t_x / WEEK, (np.maximum(day, self.last) - first) / WEEK)


def build_totals(past: Orders) -> OrderTotals:
    """Build the totals that the store would keep of these orders."""
    start = past.find_starts()
    end = np.append(start[1:], len(past)) - 1
    values = np.zeros(len(past)) if past.value is None else past.value
    value = np.bincount(past.client, values, len(past.ids)).astype(np.float64)
    orders = (end - start + 1).astype(np.float64)
    return OrderTotals(orders, past.day[start].astype(np.float64), past.day[end].astype(np.float64), value)


def build_total_features(
    clients: PurchaseSummary, value: Floats, horizon: int, log_odds: Floats, usual: float
) -> Floats:
    """Build the features of each client, shape (n, 10): from their summary, then the logs of mean and total value."""
    worth = np.maximum(value, 0.0)
    columns = [np.log1p(worth / (clients.x + 1)), np.log1p(worth)]
    return np.column_stack([build_summary_features(clients, horizon, log_odds, usual), *columns])
