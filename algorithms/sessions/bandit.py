"""Contextual Thompson sampling (Agrawal and Goyal 2013): reward is taken to be linear in the features of item and
session. Weights are drawn from what is believed of them, so that the little known is shown now and then."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from domain.arrays import Floats, Ints

DRAWS: Final = 400
"""Of weights, of which one is taken by lot: the chance of an order's first item is then known exactly."""


class Order(NamedTuple):
    """Places of n items, best first, and how likely that item was to come first."""

    places: Ints
    chance: float


class Bandit:
    """What is believed of `d` weights: `precision` (d, d), and `moment` (d,), whose solution is their mean."""

    def __init__(self, precision: Floats, moment: Floats, noise: float) -> None:
        self.precision, self.moment, self.noise = precision, moment, noise

    @classmethod
    def prior(cls, mean: Floats, ridge: Floats, noise: float) -> Bandit:
        """Before any evidence. `noise`: standard deviation of a reward around its mean; `ridge`, shape (d,): so many
        observations is the prior worth."""
        return cls(np.diag(ridge), mean * ridge, noise)

    def observe(self, features: Floats, reward: Floats) -> None:
        """What was shown, (m, d), and what it brought, (m,)."""
        self.precision = self.precision + features.T @ features
        self.moment = self.moment + features.T @ reward

    @property
    def mean(self) -> Floats:
        """The likeliest weights."""
        return np.asarray(np.linalg.solve(self.precision, self.moment))

    def order(self, features: Floats, rng: np.random.Generator) -> Order:
        """Items with features (n, d) in the order that one of DRAWS weights gives them."""
        weights = self._drawn(rng)
        lot = int(rng.integers(DRAWS))
        first = np.argmax(_products(features, weights), axis=0)
        places = np.argsort(-(features @ weights[lot]), kind="stable")
        return Order(places, float(np.mean(first == first[lot])))

    def chances(self, features: Floats, rng: np.random.Generator) -> Floats:
        """How likely each item is to come first, shape (n,)."""
        first = np.argmax(_products(features, self._drawn(rng)), axis=0)
        return np.asarray(np.bincount(first, minlength=len(features)) / DRAWS)

    def _drawn(self, rng: np.random.Generator) -> Floats:
        """Weights, shape (DRAWS, d)."""
        root = np.linalg.cholesky(self.precision)
        spread = np.linalg.solve(root.T, rng.standard_normal((len(self.moment), DRAWS)))
        return np.asarray(self.mean + self.noise * spread.T)


def _products(features: Floats, weights: Floats) -> Floats:
    """Scalar products (n, DRAWS), on one thread: shared among several, they take ten times as long when busy."""
    return np.asarray(np.einsum("nd,kd->nk", features, weights))
