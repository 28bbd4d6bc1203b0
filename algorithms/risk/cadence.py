"""`cadence`: BG/NBD, moved by what each client's own rhythm says beyond it.

As of earlier days, what came next is known. A ridge logistic regression with the log odds of both forms of BG/NBD as
its offset learns there whose chances must be moved against whose. Their level moves as far as BG/NBD usually is off:
the shop's own earlier days do not foretell it, nor does a trend. Both, and ridge regression rather than trees, were
measured (docs/decisions, 13 and 15). Nothing after the day asked for is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from algorithms.risk import bgnbd, gammagamma
from algorithms.risk.calibration import moved_to
from algorithms.risk.learning import learnt
from algorithms.risk.orders import Orders
from algorithms.risk.windows import Standing, Window, standing, windows

Floats = NDArray[np.float64]

ALGORITHM: Final = "cadence"
USUAL_LEVEL: Final = 0.15
"""How far, in log odds, BG/NBD's mean chance of an order usually lies too low: anything from .10 to .15 did as well."""
TRUST: Final = 0.5
"""How far what windows say of the number of orders is believed."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """Of n clients, each of shape (n,): `p_order` and `expected_orders` over the horizon, and the money of the latter.

    `expected_value` is None where the orders have no values. `bgnbd` is what BG/NBD alone says, for comparison.
    """

    ids: tuple[str, ...]
    p_alive: Floats
    p_order: Floats
    expected_orders: Floats
    expected_value: Floats | None
    bgnbd: Standing
    learnt_from: int


def forecast(orders: Orders, day: int, horizon: int) -> Forecast:
    """What to expect of every client with an order by the end of `day` in the `horizon` days after it."""
    past = orders.until(day)
    now = standing(past, day, horizon)
    known = windows(past, day, now)
    p_order = moved_to(moved(now, known), usual_mean(now)) if known else np.asarray(expit(now.log_odds))
    repeats = now.count / np.maximum(now.chance, 1e-12)  # orders of those who order at all, by BG/NBD
    expected = np.maximum(p_order * (1 + (repeats - 1) * more_orders(known)), p_order)
    p_alive = np.maximum(bgnbd.p_alive(now.forms[1], now.clients), p_order)  # who will order is a client
    return Forecast(past.ids, p_alive, p_order, expected, _value(past, now, expected), now, len(known))


def moved(now: Standing, known: list[Window]) -> Floats:
    """Log odds of an order, shape (n,), right against each other: their level is the caller's."""
    rhythm = learnt(known, [window.at.features for window in known])
    return np.asarray(now.log_odds + rhythm.moves(now.features))


def usual_mean(now: Standing) -> float:
    """The mean chance of an order: BG/NBD's, moved as far as it usually is off."""
    return float(expit(logit(now.chance.mean()) + USUAL_LEVEL))


def more_orders(known: list[Window]) -> float:
    """How many more orders after the first of a horizon came than BG/NBD foretold, half believed."""
    came = sum(float((window.came[window.came > 0] - 1).sum()) for window in known)
    told = 0.0
    for window in known:
        ordered = window.came > 0
        told += float((window.at.count[ordered] / window.at.chance[ordered] - 1).sum())
    return float(np.clip(1 + TRUST * (came / told - 1), 0.5, 2.0)) if told > 0 else 1.0


def _value(past: Orders, now: Standing, expected: Floats) -> Floats | None:
    if past.value is None:
        return None
    count = now.clients.x + 1
    mean = np.bincount(past.client, np.maximum(past.value, 0.0), len(past.ids)) / count
    return np.asarray(expected * gammagamma.fit(count, mean).mean_value(count, mean))
