"""The two purchase models that every forecast starts from: BG/NBD, and MBG/CNBD-k for regular clients."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from algorithms.risk import bgnbd, condensed
from algorithms.risk.bgnbd import BgNbd
from algorithms.risk.condensed import MOST_REGULAR, Condensed
from algorithms.risk.orders import Orders, PurchaseSummary

Floats = NDArray[np.float64]

LEAST: Final = 1e-6
"""Chances are clipped to it, and to 1 less it."""


@dataclass(frozen=True, slots=True)
class PurchaseForms:
    """Both models, fitted to the same clients."""

    leaving: BgNbd
    regular: Condensed

    def p_order(self, clients: PurchaseSummary, weeks: float) -> Floats:
        """Predict the chance of an order within so many weeks, shape (n,).

        Of regular clients the regular model alone knows when the next order is due; else both are as good, and their
        mean is better.
        """
        regular = condensed.p_order(self.regular, clients, weeks)
        if self.regular.k > 1:
            return regular
        return (regular + bgnbd.p_order(self.leaving, clients, weeks)) / 2

    def p_alive(self, clients: PurchaseSummary) -> Floats:
        """Predict the chance that each client is still one, shape (n,). BG/NBD would say 1 of every one-time buyer."""
        return condensed.p_alive(self.regular, clients)

    def log_odds(self, clients: PurchaseSummary, weeks: float) -> Floats:
        """Predict the log odds of an order within so many weeks, shape (n,)."""
        return np.asarray(logit(np.clip(self.p_order(clients, weeks), LEAST, 1 - LEAST)))


def fit_forms(past: Orders, clients: PurchaseSummary, most_regular: int = MOST_REGULAR) -> PurchaseForms:
    """Fit both models; `clients` summarise `past`. `most_regular`: the largest shape of the Erlang law."""
    return PurchaseForms(bgnbd.fit(clients), condensed.fit(clients, condensed.sum_log_gaps(past), most_regular))
