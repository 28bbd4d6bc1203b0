"""Features of a client's own rhythm, beyond the order count, the last day and the age that BG/NBD knows.

Times are in units of the horizon, so that what was learnt of a short one serves a longer one.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from algorithms.risk.orders import WEEK, Orders, PurchaseSummary

Floats = NDArray[np.float64]

YEAR: Final = 365
NAMES: Final = (
    "chance", "count", "ordered once", "silence in own gaps", "the same of repeaters", "silence in horizons",
    "the same of those who ordered once", "age in horizons", "orders of late", "orders of a horizon",
    "last gap in own gaps", "share in the later half", "ordered at this time last year", "mean value", "total value",
)  # fmt: skip


def build_summary_features(clients: PurchaseSummary, horizon: int, log_odds: Floats, usual: float) -> Floats:
    """Build the first 8 of NAMES, from the summary alone; `usual`: the usual gap between orders in days."""
    x, once = clients.x, clients.x == 0
    silence, age, between = ((clients.age - clients.t_x) * WEEK, clients.age * WEEK, clients.t_x * WEEK)
    own = compute_own_gap(x, between, usual)
    over, silent = np.log((silence + 1) / own), np.log((silence + 1) / horizon)
    columns = [log_odds, np.log1p(x), once, over, over * ~once, silent, silent * once, np.log((age + 1) / horizon)]
    return np.stack(columns, axis=1).astype(np.float64)


def compute_own_gap(x: Floats, between: Floats, usual: float) -> Floats:
    """Compute the days between a client's orders, shrunk to the usual gap, which counts as one gap."""
    return np.maximum(np.where(x == 0, usual, (between + usual) / (x + 1)), 1.0)


def compute_usual_gap(clients: PurchaseSummary, horizon: int) -> float:
    """Compute the mean days between orders over all clients; the horizon where nobody ordered twice."""
    return float(clients.t_x.sum() * WEEK / clients.x.sum()) if clients.x.sum() else float(horizon)


def build_features(past: Orders, clients: PurchaseSummary, day: int, horizon: int, log_odds: Floats) -> Floats:
    """Build one row for each client and one column for each of NAMES, as of the end of `day`; 0 where unknown.

    `log_odds` (n,): of an order within the horizon, by BG/NBD. `past` must hold nothing later than `day`.
    """
    n, x, once = len(past.ids), clients.x, clients.x == 0
    age, usual = clients.age * WEEK, compute_usual_gap(clients, horizon)
    own = compute_own_gap(x, clients.t_x * WEEK, usual)
    ago = (day - past.day).astype(np.float64)
    late, wide = (np.log1p(np.bincount(past.client, np.exp(-ago / (k * horizon)), n)) for k in (0.3, 1.0))
    later_half = np.bincount(past.client, ago < age[past.client] / 2, n) / (x + 1)
    columns = [
        late, wide,
        np.where(once, 0.0, np.log((_compute_last_gap(past) + 1) / own)), np.where(age > 0, later_half, 0.5),
        _flag_a_year_ago(past, ago, horizon), *_compute_values(past, x),
    ]  # fmt: skip
    return np.column_stack([build_summary_features(clients, horizon, log_odds, usual), *columns])


def _compute_last_gap(past: Orders) -> Floats:
    """Compute the days between each client's last two orders; 0 of those who ordered once."""
    gap = np.zeros(len(past.ids))
    same = np.diff(past.client) == 0
    gap[past.client[1:][same]] = np.diff(past.day)[same]
    return gap


def _flag_a_year_ago(past: Orders, ago: Floats, horizon: int) -> Floats:
    """Flag (1) those who ordered in the horizon's days a year before; all 0 while the shop is younger."""
    there = (ago <= YEAR) & (ago > YEAR - horizon)
    young = float(ago.max()) <= YEAR
    return np.zeros(len(past.ids)) if young else (np.bincount(past.client, there, len(past.ids)) > 0).astype(np.float64)


def _compute_values(past: Orders, x: Floats) -> tuple[Floats, Floats]:
    """Compute the logarithms of mean and total value, standardised over all clients."""
    if past.value is None:
        return np.zeros(len(x)), np.zeros(len(x))
    value = np.maximum(past.value, 0.0)
    mean = np.bincount(past.client, np.log1p(value), len(x)) / (x + 1)
    total = np.log1p(np.bincount(past.client, value, len(x)))
    return _standardise(mean), _standardise(total)


def _standardise(column: Floats) -> Floats:
    return np.asarray((column - column.mean()) / max(float(column.std()), 1e-9))
