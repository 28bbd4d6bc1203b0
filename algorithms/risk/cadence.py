"""`cadence`: BG/NBD corrected by what each client's own rhythm says beyond it.

As of an earlier day, the orders that followed are known. There a ridge logistic regression, with the log odds of both
forms of BG/NBD as its offset, learns which clients' chances to move up or down against the others'. The mean chance is
moved by BG/NBD's usual error: neither the shop's own earlier days nor a trend predict that error. Both, and ridge
regression rather than trees, were measured (docs/decisions, 13 and 15). Nothing after the forecast's day is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from algorithms.risk import bgnbd, gammagamma
from algorithms.risk.calibration import shift_to_mean
from algorithms.risk.orders import Orders
from algorithms.risk.window_ridge import fit_windows
from algorithms.risk.windows import ClientSnapshot, TrainingWindow, build_windows, take_snapshot

Floats = NDArray[np.float64]

ALGORITHM: Final = "cadence"
USUAL_LEVEL: Final = 0.15
"""How far, in log odds, BG/NBD's mean chance of an order is usually too low; anything from .10 to .15 did as well."""
TRUST: Final = 0.5
"""The weight of what windows say of the number of orders."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """The forecast for n clients, each of shape (n,); `p_order`, `expected_orders` and their value over the horizon.

    `expected_value` is None where the orders have no values. `bgnbd` is the forecast of BG/NBD alone, for comparison;
    `learnt_from` the number of windows.
    """

    ids: tuple[str, ...]
    p_alive: Floats
    p_order: Floats
    expected_orders: Floats
    expected_value: Floats | None
    bgnbd: ClientSnapshot
    learnt_from: int


def forecast(orders: Orders, day: int, horizon: int) -> Forecast:
    """Forecast the `horizon` days after `day` for every client with an order by the end of `day`."""
    past = orders.until(day)
    now = take_snapshot(past, day, horizon)
    past_windows = build_windows(past, day, now)
    if past_windows:
        p_order = shift_to_mean(move_log_odds(now, past_windows), compute_usual_mean(now))
    else:
        p_order = np.asarray(expit(now.log_odds))
    repeats = now.count / np.maximum(now.chance, 1e-12)  # orders of those who order at all, by BG/NBD
    expected = np.maximum(p_order * (1 + (repeats - 1) * compute_repeat_factor(past_windows)), p_order)
    p_alive = np.maximum(bgnbd.p_alive(now.forms[1], now.clients), p_order)  # who will order is a client
    return Forecast(past.ids, p_alive, p_order, expected, _predict_value(past, now, expected), now, len(past_windows))


def move_log_odds(now: ClientSnapshot, past_windows: list[TrainingWindow]) -> Floats:
    """Move the log odds of an order, shape (n,), against each other; the caller sets their level."""
    ridge = fit_windows(past_windows, [window.snapshot.features for window in past_windows])
    return np.asarray(now.log_odds + ridge.predict_moves(now.features))


def compute_usual_mean(now: ClientSnapshot) -> float:
    """Compute the mean chance of an order: BG/NBD's, corrected by its usual error."""
    return float(expit(logit(now.chance.mean()) + USUAL_LEVEL))


def compute_repeat_factor(past_windows: list[TrainingWindow]) -> float:
    """Compute the factor on BG/NBD's number of further orders in a horizon: half way from 1 to what windows say."""
    came = sum(float((window.came[window.came > 0] - 1).sum()) for window in past_windows)
    predicted = 0.0
    for window in past_windows:
        ordered = window.came > 0
        predicted += float((window.snapshot.count[ordered] / window.snapshot.chance[ordered] - 1).sum())
    return float(np.clip(1 + TRUST * (came / predicted - 1), 0.5, 2.0)) if predicted > 0 else 1.0


def _predict_value(past: Orders, now: ClientSnapshot, expected: Floats) -> Floats | None:
    if past.value is None:
        return None
    count = now.clients.x + 1
    mean = np.bincount(past.client, np.maximum(past.value, 0.0), len(past.ids)) / count
    return np.asarray(expected * gammagamma.fit(count, mean).predict_value(count, mean))
