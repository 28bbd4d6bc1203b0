"""`recency_rate`: how likely a client is to have left, and how many orders to expect, from their own rate and silence.

The model, until a richer one takes this slot. While a client is with us, orders come at random at its own rate;
rates differ between clients by a gamma law (shape r, rate alpha days); after each order, the first included, the client
leaves with probability p. With x repeat orders, the last of them t days after the first, and T days since the first:

    P(alive) = (1 - p) S / ((1 - p) S + p)                 S = ((alpha + t) / (alpha + T)) ^ (r + x)
    E[H]     = P(alive) * (1 - ((alpha + T) / (alpha + T + p H)) ^ (r + x)) / p

S is the chance that somebody with this client's rhythm stays silent for T - t days: a month means much for a weekly
buyer and little for a yearly one. The same p for everybody is what makes both forms closed (compare the MBG/NBD of
Batislam, Denizel and Filiztekin 2007, where p differs between clients).

Clients who never ordered: a share c of them ever will, after tau days on average since they signed up:

    P(alive) = c q / (1 - c + c q)        q = exp(-age / tau)        E[H] = P(alive) * (1 - exp(-H / tau))

which counts their first order alone. All five constants come from the shop's own clients (`learn`), held by weak priors
so that a shop of ten clients gets sensible figures too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, gammaln

from domain.arrays import Floats

PRIOR_MEAN: Final = np.array([0.0, np.log(60.0), -1.4, 0.0, np.log(30.0)])
PRIOR_DEVIATION: Final = np.array([1.0, 1.0, 1.0, 1.5, 1.0])
SAMPLE: Final = 20_000
"""The most clients from whom the constants are learnt; more change them by less than their error."""


@dataclass(frozen=True, slots=True)
class OrderHistories:
    """Order histories of n clients, in days; each array of shape (n,). `first`, `last`: NaN without an order."""

    count: Floats
    first: Floats
    last: Floats
    joined: Floats


@dataclass(frozen=True, slots=True)
class Population:
    """The five constants of the model; days where they are times."""

    shape: float
    rate_days: float
    leave: float
    convert: float
    first_order_days: float

    @classmethod
    def at(cls, point: Floats) -> Population:
        """Build the constants from the unbounded numbers that `learn` searches over."""
        r, alpha, p, c, tau = point
        return cls(float(np.exp(r)), float(np.exp(alpha)), float(expit(p)), float(expit(c)), float(np.exp(tau)))


def learn(orders: OrderHistories, now: float) -> Population:
    """Learn the most likely constants for these clients as of `now` (days), given the weak priors."""
    step = max(1, len(orders.count) // SAMPLE)
    sample = OrderHistories(orders.count[::step], orders.first[::step], orders.last[::step], orders.joined[::step])

    def badness(point: Floats) -> float:
        prior = 0.5 * float((((point - PRIOR_MEAN) / PRIOR_DEVIATION) ** 2).sum())
        return prior - log_likelihood(Population.at(point), sample, now)

    return Population.at(minimize(badness, PRIOR_MEAN, method="L-BFGS-B", bounds=[(-7.0, 9.0)] * 5).x)


def log_likelihood(of: Population, orders: OrderHistories, now: float) -> float:
    """Compute the log-likelihood of the histories of all clients, buyers and others."""
    buyers = orders.count > 0
    x, t, age = _summarise(orders, now)
    k = of.shape + x[buyers]
    last, end = np.log(of.rate_days + t[buyers]), np.log(of.rate_days + age[buyers])
    rates = gammaln(k) - gammaln(of.shape) + of.shape * np.log(of.rate_days) + x[buyers] * np.log1p(-of.leave)
    ending = np.logaddexp(np.log(of.leave) - k * last, np.log1p(-of.leave) - k * end)
    waited = np.maximum(orders.first - orders.joined, 0.5)[buyers]  # an order on the day of joining waits half a day
    came = np.log(of.convert) - np.log(of.first_order_days) - waited / of.first_order_days
    silent = np.maximum(now - orders.joined[~buyers], 0.0)
    not_yet = np.log1p(of.convert * np.expm1(-silent / of.first_order_days))
    return float((rates + ending + came).sum() + not_yet.sum())


def predict(of: Population, orders: OrderHistories, now: float, horizon: float) -> tuple[Floats, Floats]:
    """Predict P(alive) and the orders within `horizon` days of `now` (days), each of shape (n,)."""
    buyers = orders.count > 0
    x, t, age = _summarise(orders, now)
    k, end = of.shape + x, of.rate_days + age
    silence = (1 - of.leave) * np.exp(k * np.log((of.rate_days + t) / end))
    alive = silence / (silence + of.leave)
    until_leaving = -np.expm1(-k * np.log1p(of.leave * horizon / end)) / of.leave
    if buyers.all():
        return alive, alive * until_leaving
    still = of.convert * np.exp(-np.maximum(now - orders.joined, 0.0) / of.first_order_days)
    may_come = still / (1 - of.convert + still)
    soon = -np.expm1(-horizon / of.first_order_days)
    return np.where(buyers, alive, may_come), np.where(buyers, alive * until_leaving, may_come * soon)


def _summarise(orders: OrderHistories, now: float) -> tuple[Floats, Floats, Floats]:
    """Return repeat orders, days from the first to the last, days since the first; zeros where there is no order."""
    x = np.maximum(orders.count - 1, 0.0)
    t = np.fmax(orders.last - orders.first, 0.0)
    age = np.fmax(now - orders.first, t)
    return x, t, age
