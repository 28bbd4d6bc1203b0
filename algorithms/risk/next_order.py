"""Predictions of when a client's next order comes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from algorithms.risk import bgnbd
from algorithms.risk.bgnbd import BgNbd
from algorithms.risk.orders import WEEK, PurchaseSummary

Floats = NDArray[np.float64]


def predict_days_until_order(of: BgNbd, clients: PurchaseSummary, share: float) -> Floats:
    """Predict the days by which the next order has come with chance `share`; infinity where it never has.

    The inverse of `bgnbd.p_order`; shares of .1, .5 and .9 make an interval around a median.
    """
    alive = bgnbd.p_alive(of, clients)
    with np.errstate(divide="ignore", over="ignore"):
        silent = np.log1p(-np.minimum(share / np.maximum(alive, 1e-300), 1.0))
        weeks = (of.alpha + clients.age) * np.expm1(-silent / (of.r + clients.x))
    return np.asarray(weeks * WEEK)
