"""Contextual Thompson sampling (Agrawal and Goyal 2013) with a reward that is linear in features of item and session.
Weights are drawn from their posterior, so that items the bandit knows little about are shown now and then."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from domain.arrays import Floats, Ints

DRAWS: Final = 400
"""Draws of the weights, of which one is picked at random: the propensity of an order's first item is then known
exactly."""


class SampledOrder(NamedTuple):
    """Indices of n items, best first, and the propensity of the first item."""

    indices: Ints
    propensity: float


class ThompsonBandit:
    """The posterior of `d` weights: `precision` (d, d), and `moment` (d,), whose solution is their mean."""

    def __init__(self, precision: Floats, moment: Floats, noise: float) -> None:
        self.precision, self.moment, self.noise = precision, moment, noise

    @classmethod
    def from_prior(cls, mean: Floats, ridge: Floats, noise: float) -> ThompsonBandit:
        """Build a bandit before any evidence. `noise`: standard deviation of a reward around its mean; `ridge`, shape
        (d,): the prior counts as so many observations."""
        return cls(np.diag(ridge), mean * ridge, noise)

    def observe(self, features: Floats, reward: Floats) -> None:
        """Update the posterior with the features of what was shown, (m, d), and its rewards, (m,)."""
        self.precision = self.precision + features.T @ features
        self.moment = self.moment + features.T @ reward

    @property
    def mean(self) -> Floats:
        """The posterior mean of the weights, (d,)."""
        return np.asarray(np.linalg.solve(self.precision, self.moment))

    def sample_order(self, features: Floats, rng: np.random.Generator) -> SampledOrder:
        """Sample weights and order items with features (n, d) by them, best first."""
        weights = self._sample_weights(rng)
        draw = int(rng.integers(DRAWS))
        first = np.argmax(_multiply(features, weights), axis=0)
        indices = np.argsort(-(features @ weights[draw]), kind="stable")
        return SampledOrder(indices, float(np.mean(first == first[draw])))

    def estimate_propensities(self, features: Floats, rng: np.random.Generator) -> Floats:
        """Estimate the probability of each item to come first, shape (n,)."""
        first = np.argmax(_multiply(features, self._sample_weights(rng)), axis=0)
        return np.asarray(np.bincount(first, minlength=len(features)) / DRAWS)

    def _sample_weights(self, rng: np.random.Generator) -> Floats:
        """Sample weights from the posterior, shape (DRAWS, d)."""
        root = np.linalg.cholesky(self.precision)
        spread = np.linalg.solve(root.T, rng.standard_normal((len(self.moment), DRAWS)))
        return np.asarray(self.mean + self.noise * spread.T)


def _multiply(features: Floats, weights: Floats) -> Floats:
    """Return scalar products (n, DRAWS), computed on one thread: shared among several they take ten times as long when
    busy."""
    return np.asarray(np.einsum("nd,kd->nk", features, weights))
