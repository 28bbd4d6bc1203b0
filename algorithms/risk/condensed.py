"""MBG/CNBD-k: the modified BG/NBD for clients of a regular rhythm.

As in BG/NBD (`bgnbd`), rates follow a gamma law (r, alpha), and a client may leave at every order with a probability of
a beta law (a, b); here at the first order too. The time between orders follows an Erlang law of shape k: 1 is pure
chance, and the larger k, the more regular the clients. With s the silence since the last order, its chance is

    S(s, T) = sum over j < k of  G(r + kx + j) / (G(r + kx) j!)  s^j (alpha + T)^-(r + kx + j)

Source: Platzer and Reutterer, "Ticking away the moments", Marketing Science 35:5, 2016. Times are in weeks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import betaln, digamma, expit, gammaln

from algorithms.risk.bgnbd import BOUNDS, START, compute_prior
from algorithms.risk.orders import WEEK, Orders, PurchaseSummary

Floats = NDArray[np.float64]

MOST_REGULAR: Final = 64
"""The largest shape tried: gaps of a month that deviate by four days."""
SHORTEST: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Condensed:
    """The parameters; `alpha` in weeks."""

    k: int
    r: float
    alpha: float
    a: float
    b: float


class _DistinctSummaries(NamedTuple):
    """Distinct summaries, and the share of all clients that each stands for; `x`: the repeat orders of all clients."""

    x: Floats
    clients: PurchaseSummary
    share: Floats


def fit(clients: PurchaseSummary, log_gaps: Floats, most_regular: int = MOST_REGULAR) -> Condensed:
    """Fit the most likely parameters, and of the shapes 1, 2, 4, ... the most likely.

    Args:
        clients: n summaries.
        log_gaps: of each client, the sum of the logarithms of the weeks between orders, shape (n,).
        most_regular: the largest shape tried.
    """
    histories, mean_gaps, mean_x = _condense(clients), float(log_gaps.mean()), float(clients.x.mean())
    best, point, highest = _fit_shape(histories, 1, START)
    while best.k < most_regular:
        tried, at, value = _fit_shape(histories, 2 * best.k, point)
        value += (tried.k - 1) * mean_gaps - mean_x * float(gammaln(tried.k))
        if value <= highest:
            break
        best, point, highest = tried, at, value
    return best


def sum_log_gaps(past: Orders) -> Floats:
    """Sum the logarithms of the weeks between each client's orders, shape (n,)."""
    same = np.diff(past.client) == 0
    gaps = np.log(np.diff(past.day)[same] / WEEK)
    return np.bincount(past.client[1:][same], gaps, len(past.ids)).astype(np.float64)


def p_alive(of: Condensed, clients: PurchaseSummary) -> Floats:
    """Predict the chance that each client is still one, shape (n,)."""
    base = of.r + of.k * clients.x
    left = np.log(of.a) - np.log(of.b + clients.x) - base * np.log(of.alpha + clients.t_x)
    return np.asarray(expit(_log_silent(of, clients.x, clients.age - clients.t_x, clients.age) - left))


def p_order(of: Condensed, clients: PurchaseSummary, weeks: float) -> Floats:
    """Predict the chance of an order within so many weeks, shape (n,)."""
    silence = clients.age - clients.t_x
    longer = _log_silent(of, clients.x, silence + weeks, clients.age + weeks)
    return p_alive(of, clients) * -np.expm1(longer - _log_silent(of, clients.x, silence, clients.age))


def _log_silent(of: Condensed, x: Floats, silence: Floats, age: Floats) -> Floats:
    return _log_silence(of, x, silence, age)[0]


def _log_silence(of: Condensed, x: Floats, silence: Floats, age: Floats) -> tuple[Floats, Floats, Floats]:
    """Compute log S, and its slopes along r and alpha; each of shape (n,)."""
    base, end = of.r + of.k * x, of.alpha + age
    j = np.arange(of.k, dtype=np.float64)[:, None]
    steps = np.log((base + j[:-1]) / (j[:-1] + 1)) + np.log(np.maximum(silence, SHORTEST) / end)
    terms = np.vstack([np.zeros(len(base)), np.cumsum(steps, axis=0)])
    by_r = np.vstack([np.zeros(len(base)), np.cumsum(1 / (base + j[:-1]), axis=0)])
    top = terms.max(axis=0)
    weight = np.exp(terms - top)
    total = weight.sum(axis=0)
    weight /= total
    slope_r = (weight * by_r).sum(axis=0) - np.log(end)
    slope_alpha = -(base + (weight * j).sum(axis=0)) / end
    return top + np.log(total) - base * np.log(end), slope_r, slope_alpha


def _condense(clients: PurchaseSummary) -> _DistinctSummaries:
    rows: Floats = np.stack([clients.x, clients.t_x, clients.age], axis=1).round(6)
    summaries, weight = np.unique(rows, axis=0, return_counts=True)
    return _DistinctSummaries(
        clients.x, PurchaseSummary(summaries[:, 0], summaries[:, 1], summaries[:, 2]), weight / weight.sum()
    )


def _fit_shape(histories: _DistinctSummaries, k: int, start: Floats) -> tuple[Condensed, Floats, float]:
    """Fit the parameters for one shape; the likelihood lacks what only the gaps and k decide."""

    def badness(point: Floats) -> tuple[float, Floats]:
        value, slope = log_likelihood(Condensed(k, *np.exp(point).tolist()), histories.clients, histories.share)
        prior, prior_slope = compute_prior(point, centre, histories.x)
        return prior - value, prior_slope - slope * np.exp(point)

    centre = START + np.log([k, 1.0, 1.0, 1.0])  # the steps of a k-fold Erlang law come k times as often
    result = minimize(badness, start, jac=True, method="L-BFGS-B", bounds=BOUNDS, options={"ftol": 1e-11})
    return Condensed(k, *np.exp(result.x).tolist()), result.x, -float(result.fun)


def log_likelihood(of: Condensed, clients: PurchaseSummary, weight: Floats) -> tuple[float, Floats]:
    """Compute the weighted log-likelihood, without what depends on k alone, and its slope along (r, alpha, a, b)."""
    r, alpha, a, b, x = of.r, of.alpha, of.a, of.b, clients.x
    base = r + of.k * x
    silent, silent_r, silent_alpha = _log_silence(of, x, clients.age - clients.t_x, clients.age)
    stays = betaln(a, b + x + 1) - betaln(a, b) + silent
    leaves = betaln(a + 1, b + x) - betaln(a, b) - base * np.log(alpha + clients.t_x)
    gone = expit(leaves - stays)
    value = gammaln(base) - gammaln(r) + r * np.log(alpha) + np.logaddexp(stays, leaves)
    common = digamma(a + b) - digamma(a + b + x + 1)
    slope = np.stack(
        [
            digamma(base) - digamma(r) + np.log(alpha) + (1 - gone) * silent_r - gone * np.log(alpha + clients.t_x),
            r / alpha + (1 - gone) * silent_alpha - gone * base / (alpha + clients.t_x),
            common + gone / a,
            common - digamma(b) + digamma(b + x) + (1 - gone) / (b + x),
        ]
    )
    return float(weight @ value), slope @ weight
