"""`cadence`: BG/NBD corrected by what each client's own rhythm says beyond it.

As of an earlier day, the orders that followed are known. There a ridge logistic regression, with the log odds of both
forms of BG/NBD as its offset, learns which clients' chances to move up or down against the others'. The mean chance is
moved by how far forecasts missed as of earlier days (`level`). Nothing after the forecast's day is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from algorithms.risk import gammagamma
from algorithms.risk.backtest import measure_misses
from algorithms.risk.calibration import shift_to_mean
from algorithms.risk.condensed import MOST_REGULAR
from algorithms.risk.level import predict_miss
from algorithms.risk.orders import Orders
from algorithms.risk.window_ridge import fit_windows
from algorithms.risk.windows import ClientSnapshot, TrainingWindow, build_windows, take_snapshot

Floats = NDArray[np.float64]

ALGORITHM: Final = "cadence"
FEW_REPEATS: Final = 50
"""With fewer repeat orders than this, the general prior has more weight than the shop."""


class ForecastMisses(NamedTuple):
    """How far the purchase models will miss: the share who order, in log odds; the further orders, as a logarithm."""

    share: float
    repeats: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """The forecast for n clients, each of shape (n,); `p_order`, `expected_orders` and their value over the horizon.

    `expected_value` is None where the orders have no values. `bgnbd` is the forecast of BG/NBD alone, for comparison;
    `learnt_from` the number of windows. `warning`: why it is little more than a guess, where it is.
    """

    ids: tuple[str, ...]
    p_alive: Floats
    p_order: Floats
    expected_orders: Floats
    expected_value: Floats | None
    bgnbd: ClientSnapshot
    learnt_from: int
    warning: str | None


def forecast(orders: Orders, day: int, horizon: int) -> Forecast:
    """Forecast the `horizon` days after `day` for every client with an order by the end of `day`."""
    past = orders.until(day)
    now = take_snapshot(past, day, horizon)
    past_windows = build_windows(past, day, now)
    misses = predict_misses(past, day, horizon)
    log_odds = move_log_odds(now, past_windows) if past_windows else now.log_odds
    p_order = shift_to_mean(log_odds, compute_mean(now, misses))
    repeats = now.count / np.maximum(now.chance, 1e-12)  # orders of those who order at all, by BG/NBD
    expected = np.maximum(p_order * (1 + (repeats - 1) * np.exp(misses.repeats)), p_order)
    p_alive = np.maximum(now.forms.p_alive(now.clients), p_order)  # who will order is a client
    value = _predict_value(past, now, expected)
    return Forecast(past.ids, p_alive, p_order, expected, value, now, len(past_windows), describe_doubt(now))


def move_log_odds(now: ClientSnapshot, past_windows: list[TrainingWindow]) -> Floats:
    """Move the log odds of an order, shape (n,), against each other; the caller sets their level."""
    ridge = fit_windows(past_windows, [window.snapshot.features for window in past_windows])
    return np.asarray(now.log_odds + ridge.predict_moves(now.features))


def predict_misses(past: Orders, day: int, horizon: int, most_regular: int = MOST_REGULAR) -> ForecastMisses:
    """Predict how far the purchase models will miss in the horizon, from how far they missed in windows of the past."""
    share, repeats = measure_misses(past, day, horizon, most_regular)
    middle = day + horizon / 2
    return ForecastMisses(predict_miss(share, middle, horizon), predict_miss(repeats, middle, horizon))


def compute_mean(now: ClientSnapshot, misses: ForecastMisses) -> float:
    """Compute the mean chance of an order: that of the purchase models, corrected by how far they will miss."""
    return float(expit(logit(expit(now.log_odds).mean()) + misses.share))


def describe_doubt(now: ClientSnapshot) -> str | None:
    """Describe why a forecast is little more than a guess; None where it is more."""
    repeats = int(now.clients.x.sum())
    if repeats >= FEW_REPEATS:
        return None
    return (
        f"only {repeats} repeat order{'' if repeats == 1 else 's'} of {len(now.clients.x):,} clients: the forecast "
        "rests mostly on what is usual elsewhere, not on this shop"
    )


def _predict_value(past: Orders, now: ClientSnapshot, expected: Floats) -> Floats | None:
    if past.value is None:
        return None
    count = now.clients.x + 1
    mean = np.bincount(past.client, np.maximum(past.value, 0.0), len(past.ids)) / count
    return np.asarray(expected * gammagamma.fit(count, mean).predict_value(count, mean))
