"""Popularity: what others took, faded by age; by everybody, or by those asked for the same context."""

from __future__ import annotations

from typing import Final, Self

import numpy as np

from algorithms.ranking.data import NONE, Asked, FeatureMatrix, Log, Singles, State, wider
from domain.arrays import Floats, Ints

HALF_LIFE_DAYS: Final = 30.0
FOREVER: Final = np.inf


def faded(log: Log, half_life: float) -> Floats:
    """Weight of each interaction, shape (m,); 1 for the latest. `half_life` in days, FOREVER: all weigh 1."""
    return np.exp2(-log.age / half_life)


def everybody(log: Log, half_life: float) -> Floats:
    """Faded counts of each item, shape (n,)."""
    return np.bincount(log.item, faded(log, half_life), len(log.items)).astype(np.float64)


def by_context(log: Log, half_life: float) -> Floats:
    """Faded counts of each item in each context, shape (contexts, n)."""
    known = log.context != NONE
    cell = log.context[known] * len(log.items) + log.item[known]
    size = len(log.contexts) * len(log.items)
    counts = np.bincount(cell, faded(log, half_life)[known], size).astype(np.float64)
    return counts.reshape(len(log.contexts), len(log.items))


class Popularity:
    """Of everybody. `half_life` in days."""

    def __init__(self, half_life: float = FOREVER) -> None:
        self.half_life = half_life
        self.table: Singles = np.zeros((0, 0), np.float32)

    def fit(self, log: Log, seed: int) -> None:
        """Count; `seed` changes nothing."""
        self.table = everybody(log, self.half_life)[None, :].astype(np.float32)

    def scores(self, asked: Asked, items: Ints) -> Singles:
        """The same for all targets."""
        return np.repeat(self.table[:, items], len(asked), axis=0)

    def state(self) -> State:
        """One table."""
        return {"table": self.table}

    def restore(self, state: State) -> None:
        """See `state`."""
        self.table = state["table"]

    def met(self, people: Log) -> Self:
        """It asks nothing of clients."""
        return self

    def widen(self, words: FeatureMatrix) -> None:
        """Nobody took them."""
        self.table = wider(self.table, len(words))


class ContextPopularity(Popularity):
    """Within the context asked for; of everybody where none is, and to tell apart what nobody took in it."""

    def __init__(self, half_life: float = HALF_LIFE_DAYS) -> None:
        super().__init__(half_life)

    def fit(self, log: Log, seed: int) -> None:
        """Count; the last row is that of no context."""
        total = everybody(log, self.half_life)
        tie = 1e-6 * total / max(float(total.max(initial=0.0)), 1e-12)
        self.table = np.vstack([by_context(log, self.half_life) + tie, total]).astype(np.float32)

    def scores(self, asked: Asked, items: Ints) -> Singles:
        """Rows of the contexts asked for."""
        return np.asarray(self.table[asked.context][:, items])
