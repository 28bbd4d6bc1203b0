"""Contextual Thompson sampling for the order of what a visitor sees (Agrawal and Goyal 2013): reward is taken to be
linear in the features of item and session. Weights are drawn from what is believed of them, so that the little known is
shown now and then."""

from __future__ import annotations

from typing import Final

import numpy as np

from algorithms.ranking.data import State
from domain.arrays import Floats, Ints

RIDGE: Final = 1.0
"""Evidence before any: weights near 0."""
NOISE: Final = 0.3
"""Standard deviation of a reward in [0, 1] around its mean; the larger, the more is tried."""
DRAWS: Final = 400


class SessionBandit:
    """Beliefs about `d` weights; constant time an observation."""

    def __init__(self, d: int, ridge: float = RIDGE, noise: float = NOISE) -> None:
        self.noise = noise
        self.precision: Floats = np.eye(d) * ridge
        self.moment: Floats = np.zeros(d)

    def observe(self, features: Floats, reward: Floats) -> None:
        """What was shown, (m, d), and what it brought, (m,)."""
        self.precision = self.precision + features.T @ features
        self.moment = self.moment + features.T @ reward

    def rank(self, features: Floats, rng: np.random.Generator) -> Ints:
        """Places of n items with features (n, d), best first by one draw."""
        return np.argsort(-(features @ self._drawn(1, rng)[0]), kind="stable")

    def propensities(self, features: Floats, rng: np.random.Generator, draws: int = DRAWS) -> Floats:
        """How likely each item is to come first, shape (n,): the share of so many draws, one added to each."""
        first = np.argmax(features @ self._drawn(draws, rng).T, axis=0)
        counts = np.bincount(first, minlength=len(features)) + 1.0
        return np.asarray(counts / counts.sum())

    def _drawn(self, draws: int, rng: np.random.Generator) -> Floats:
        """Weights, shape (draws, d)."""
        root = np.linalg.cholesky(self.precision)
        mean = np.linalg.solve(self.precision, self.moment)
        noise = rng.standard_normal((len(mean), draws))
        return np.asarray(mean + self.noise * np.linalg.solve(root.T, noise).T)

    def state(self) -> State:
        """Beliefs."""
        return {"precision": self.precision, "moment": self.moment, "noise": self.noise}

    def restore(self, state: State) -> None:
        """See `state`."""
        self.precision, self.moment, self.noise = state["precision"], state["moment"], state["noise"]
