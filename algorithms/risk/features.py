"""What a client's own rhythm says beyond the count, the last day and the age that BG/NBD knows.

Times are told in horizons, so that what was learnt of a short one serves a longer one.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from algorithms.risk.orders import WEEK, Orders, Rhythm

Floats = NDArray[np.float64]

YEAR: Final = 365
NAMES: Final = (
    "chance", "count", "ordered once", "silence in own gaps", "the same of repeaters", "silence in horizons",
    "the same of those who ordered once", "age in horizons", "orders of late", "orders of a horizon",
    "last gap in own gaps", "share in the later half", "ordered at this time last year", "mean value", "total value",
)  # fmt: skip


def of_rhythm(clients: Rhythm, horizon: int, log_odds: Floats, usual: float) -> Floats:
    """The first 8 of NAMES, from what is kept of each client alone; `usual` days lie between orders of anybody."""
    x, once = clients.x, clients.x == 0
    silence, age, between = ((clients.age - clients.t_x) * WEEK, clients.age * WEEK, clients.t_x * WEEK)
    own = own_gap(x, between, usual)
    over, silent = np.log((silence + 1) / own), np.log((silence + 1) / horizon)
    columns = [log_odds, np.log1p(x), once, over, over * ~once, silent, silent * once, np.log((age + 1) / horizon)]
    return np.stack(columns, axis=1).astype(np.float64)


def own_gap(x: Floats, between: Floats, usual: float) -> Floats:
    """Days between a client's orders, drawn towards those of anybody by as much as one gap is worth."""
    return np.maximum(np.where(x == 0, usual, (between + usual) / (x + 1)), 1.0)


def usual_gap(clients: Rhythm, horizon: int) -> float:
    """Days between orders over all clients; the horizon where nobody ordered twice."""
    return float(clients.t_x.sum() * WEEK / clients.x.sum()) if clients.x.sum() else float(horizon)


def features(past: Orders, clients: Rhythm, day: int, horizon: int, log_odds: Floats) -> Floats:
    """One row a client and one column for each of NAMES, as of the end of `day`; 0 where nothing is known.

    `log_odds` of an order within the horizon, by BG/NBD. `past` must hold nothing later than `day`.
    """
    n, x, once = len(past.ids), clients.x, clients.x == 0
    age, usual = clients.age * WEEK, usual_gap(clients, horizon)
    own = own_gap(x, clients.t_x * WEEK, usual)
    ago = (day - past.day).astype(np.float64)
    late, wide = (np.log1p(np.bincount(past.client, np.exp(-ago / (k * horizon)), n)) for k in (0.3, 1.0))
    later_half = np.bincount(past.client, ago < age[past.client] / 2, n) / (x + 1)
    columns = [
        late, wide,
        np.where(once, 0.0, np.log((_last_gap(past) + 1) / own)), np.where(age > 0, later_half, 0.5),
        _a_year_ago(past, ago, horizon), *_values(past, x),
    ]  # fmt: skip
    return np.column_stack([of_rhythm(clients, horizon, log_odds, usual), *columns])


def _last_gap(past: Orders) -> Floats:
    """Days between each client's last two orders; 0 of those who ordered once."""
    gap = np.zeros(len(past.ids))
    same = np.diff(past.client) == 0
    gap[past.client[1:][same]] = np.diff(past.day)[same]
    return gap


def _a_year_ago(past: Orders, ago: Floats, horizon: int) -> Floats:
    """1 of those who ordered in the horizon's days of the year before; all 0 while the shop is younger."""
    there = (ago <= YEAR) & (ago > YEAR - horizon)
    young = float(ago.max()) <= YEAR
    return np.zeros(len(past.ids)) if young else (np.bincount(past.client, there, len(past.ids)) > 0).astype(np.float64)


def _values(past: Orders, x: Floats) -> tuple[Floats, Floats]:
    """Logarithms of mean and total value, against those of all clients."""
    if past.value is None:
        return np.zeros(len(x)), np.zeros(len(x))
    value = np.maximum(past.value, 0.0)
    mean = np.bincount(past.client, np.log1p(value), len(x)) / (x + 1)
    total = np.log1p(np.bincount(past.client, value, len(x)))
    return _standard(mean), _standard(total)


def _standard(column: Floats) -> Floats:
    return np.asarray((column - column.mean()) / max(float(column.std()), 1e-9))
