"""The value of a client's next order: the gamma-gamma model of Fader, Hardie and Lee (2005, "RFM and CLV").

A client's orders vary around a mean of their own by a gamma law (shape p); the scale differs between clients by another
(q, gamma). A client's own mean weighs the more, the more orders it comes from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import digamma, gammaln

Floats = NDArray[np.float64]

BOUNDS: Final = [(np.log(0.05), np.log(500.0)), (np.log(0.05), np.log(500.0)), (-6.0, 9.0)]
"""Bounds of the logarithms of p, of q - 1 (q over 1, so that a mean exists) and of gamma in units of the mean order."""
FEWEST: Final = 20
"""The fewest clients with repeat orders to fit; of fewer, the mean of all counts as one more order of each."""


@dataclass(frozen=True, slots=True)
class GammaGamma:
    """The parameters; `gamma` in the currency of the orders."""

    p: float
    q: float
    gamma: float

    def predict_value(self, orders: Floats, mean: Floats) -> Floats:
        """Predict the value of each client's next order from the number and mean value of theirs; shape (n,)."""
        return np.asarray(self.p * (self.gamma + orders * mean) / (self.p * orders + self.q - 1))


def fit(orders: Floats, mean: Floats) -> GammaGamma:
    """Fit the most likely parameters for clients with so many orders of such a mean value, each of shape (n,)."""
    use = (orders > 1) & (mean > 0)
    unit = float(mean[mean > 0].mean()) if (mean > 0).any() else 1.0
    if use.sum() < FEWEST:
        return GammaGamma(1.0, 2.0, unit)
    n, m = orders[use], mean[use] / unit

    def badness(point: Floats) -> tuple[float, Floats]:
        value, slope = _log_likelihood(point, n, m)
        return -value, -slope

    p, q_less, gamma = np.exp(
        minimize(badness, np.log([2.0, 2.0, 1.5]), jac=True, method="L-BFGS-B", bounds=BOUNDS).x
    ).tolist()
    return GammaGamma(p, 1 + q_less, gamma * unit)


def _log_likelihood(point: Floats, n: Floats, m: Floats) -> tuple[float, Floats]:
    """Compute the mean log-likelihood and its slope along the logarithms of (p, q - 1, gamma)."""
    p, q_less, gamma = np.exp(point)
    q, k = 1 + q_less, p * n
    log_sum = np.log(gamma + n * m)
    value = gammaln(k + q) - gammaln(k) - gammaln(q) + q * np.log(gamma) + k * np.log(n * m) - (k + q) * log_sum
    by_p = n * (digamma(k + q) - digamma(k) + np.log(n * m) - log_sum)
    by_q = digamma(k + q) - digamma(q) + np.log(gamma) - log_sum
    by_gamma = q / gamma - (k + q) / (gamma + n * m)
    slope = np.array([by_p.mean() * p, by_q.mean() * q_less, by_gamma.mean() * gamma])
    return float(value.mean()), slope
