"""BG/NBD: how often a client buys while with us, and when they leave for good.

While a client is with us, orders come at random at a rate of their own; rates follow a gamma law (r, alpha). At each
repeat order a client leaves with a probability of their own, which follows a beta law (a, b). Times are in weeks.

Source: Fader, Hardie and Lee, "Counting your customers the easy way", Marketing Science 24:2, 2005.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import eigh_tridiagonal
from scipy.optimize import minimize
from scipy.special import betaln, digamma, expit, gammaln

from algorithms.risk.orders import PurchaseSummary

Floats = NDArray[np.float64]

START: Final = np.log([0.5, 5.0, 0.8, 2.5])
BOUNDS: Final = [(-6.0, 8.0)] * 4
"""Bounds of the logarithms of the parameters: beyond them the likelihood is flat and the figures lose their digits."""
PRIOR_DEVIATION: Final = 1.0
"""The logarithms lie around START with this deviation: a weak prior, that decides where there are next to no orders."""
FEW: Final = 50.0
"""With so many repeat orders the prior counts half."""
NODES: Final = 48


@dataclass(frozen=True, slots=True)
class BgNbd:
    """The four parameters; `alpha` in weeks."""

    r: float
    alpha: float
    a: float
    b: float


def fit(clients: PurchaseSummary) -> BgNbd:
    """Fit the most likely parameters for these clients and a weak prior, by L-BFGS on analytic gradients.

    Clients of the same summary count together, so the cost grows with the distinct summaries, not with the clients.
    """
    rows: Floats = np.stack([clients.x, clients.t_x, clients.age], axis=1).round(6)
    summaries, weight = np.unique(rows, axis=0, return_counts=True)
    distinct = PurchaseSummary(summaries[:, 0], summaries[:, 1], summaries[:, 2])
    share = weight / weight.sum()

    def build_model(point: Floats) -> BgNbd:
        return BgNbd(*np.exp(point).tolist())

    def badness(point: Floats) -> tuple[float, Floats]:
        value, slope = log_likelihood(build_model(point), distinct, share)
        prior, prior_slope = compute_prior(point, START, clients.x)
        return prior - value, prior_slope - slope * np.exp(point)

    result = minimize(badness, START, jac=True, method="L-BFGS-B", bounds=BOUNDS, options={"ftol": 1e-13, "gtol": 1e-9})
    return build_model(result.x)


def compute_prior(point: Floats, centre: Floats, x: Floats) -> tuple[float, Floats]:
    """Compute the badness that the prior adds for each client, and its slope; it fades with the repeat orders `x`."""
    away = (point - centre) / PRIOR_DEVIATION
    weight = FEW / (FEW + float(x.sum())) / len(x)
    return 0.5 * float(away @ away) * weight, away / PRIOR_DEVIATION * weight


def log_likelihood(of: BgNbd, clients: PurchaseSummary, weight: Floats) -> tuple[float, Floats]:
    """Compute the weighted log-likelihood and its slope along (r, alpha, a, b)."""
    r, alpha, a, b = of.r, of.alpha, of.a, of.b
    n, k = clients.x, r + clients.x
    may_have_left = n > 0
    log_end, log_last = np.log(alpha + clients.age), np.log(alpha + clients.t_x)
    log_ratio = _compute_log_odds_left(of, clients, may_have_left)
    left = np.where(may_have_left, expit(log_ratio), 0.0)  # chance that the client is gone
    rates = gammaln(k) - gammaln(r) + r * np.log(alpha) - k * log_end
    stays = betaln(a, b + n) - betaln(a, b)
    value = rates + stays + np.where(may_have_left, np.logaddexp(0.0, log_ratio), 0.0)
    mean_log = left * log_last + (1 - left) * log_end
    slope = np.stack(
        [
            digamma(k) - digamma(r) + np.log(alpha) - mean_log,
            r / alpha - k * (left / (alpha + clients.t_x) + (1 - left) / (alpha + clients.age)),
            digamma(a + b) - digamma(a + b + n) + left / a,
            digamma(a + b) - digamma(b) + digamma(b + n) - digamma(a + b + n) - _divide_share(b + n - 1, left),
        ]
    )
    return float(weight @ value), slope @ weight


def p_alive(of: BgNbd, clients: PurchaseSummary) -> Floats:
    """Predict the chance that each client is still one, shape (n,). BG/NBD says 1 of everybody who ordered once."""
    may_have_left = clients.x > 0
    return np.where(may_have_left, expit(-_compute_log_odds_left(of, clients, may_have_left)), 1.0)


def p_order(of: BgNbd, clients: PurchaseSummary, weeks: float) -> Floats:
    """Predict the chance of an order within so many weeks, shape (n,)."""
    silent = -(of.r + clients.x) * np.log1p(weeks / (of.alpha + clients.age))
    return p_alive(of, clients) * -np.expm1(silent)


def predict_orders(of: BgNbd, clients: PurchaseSummary, weeks: float) -> Floats:
    """Predict the expected number of orders of each client within so many weeks, shape (n,).

    The literature's form has a Gaussian hypergeometric function that loses its digits near a = 1 and for heavy
    buyers; its integral over the beta law, by Gauss quadrature, does not.
    """
    k, end = of.r + clients.x, of.alpha + clients.age
    total = np.empty(len(k))
    for n in np.unique(clients.x):
        rows = clients.x == n
        total[rows] = _expect_while_alive(k[rows], weeks / end[rows], of.a, of.b + n)
    return p_alive(of, clients) * total


def predict_repeats(of: BgNbd, clients: PurchaseSummary, weeks: float) -> Floats:
    """Predict the orders within so many weeks of those who order at all, shape (n,).

    The mean chance of leaving stands for its law: a closed form within 8 % of the integral.
    """
    leave = of.a / (of.a + of.b + clients.x)
    k, reach = of.r + clients.x, weeks / (of.alpha + clients.age)
    return np.asarray(-np.expm1(-k * np.log1p(leave * reach)) / leave / -np.expm1(-k * np.log1p(reach)))


def _compute_log_odds_left(of: BgNbd, clients: PurchaseSummary, may_have_left: NDArray[np.bool_]) -> Floats:
    """Compute the log odds of having left at the last order against being here and silent since."""
    room = np.where(may_have_left, of.b + clients.x - 1, 1.0)
    silence = np.log1p((clients.age - clients.t_x) / (of.alpha + clients.t_x))
    return np.asarray(np.log(of.a) - np.log(room) + (of.r + clients.x) * silence)


def _divide_share(value: Floats, share: Floats) -> Floats:
    return np.where(share > 0, share / np.where(share > 0, value, 1.0), 0.0)


def _expect_while_alive(k: Floats, reach: Floats, a: float, b: float) -> Floats:
    """Compute E[(1 - (1 + p reach)^-k) / p] over p ~ beta(a, b): orders until leaving, for rates of gamma(k)."""
    p, weight = _compute_beta_nodes(a, b)
    gone = -np.expm1(-k[:, None] * np.log1p(np.outer(reach, p)))
    return np.asarray((gone / p) @ weight)


def _compute_beta_nodes(a: float, b: float) -> tuple[Floats, Floats]:
    """Compute Gauss nodes and weights of the beta law (Golub and Welsch 1969), with weights that sum to 1."""
    i = np.arange(NODES, dtype=np.float64)
    u, v = b - 1.0, a - 1.0
    s = 2 * i + u + v
    with np.errstate(invalid="ignore", divide="ignore"):
        middle = np.where(i == 0, (v - u) / (u + v + 2), (v * v - u * u) / (s * (s + 2)))
        j, z = i[1:], s[1:]
        side = 4 * j * (j + u) * (j + v) * (j + u + v) / (z * z * (z + 1) * (z - 1))
    side[0] = 4 * (1 + u) * (1 + v) / ((u + v + 2) ** 2 * (u + v + 3))
    nodes, vectors = eigh_tridiagonal(middle, np.sqrt(side))
    return np.clip((1 + nodes) / 2, 1e-12, 1.0), vectors[0] ** 2
