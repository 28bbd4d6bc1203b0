"""Popularity: what others took, faded by age; over everybody, or within the same context."""

from __future__ import annotations

from typing import Final, Self

import numpy as np

from algorithms.ranking.data import NONE, FeatureMatrix, Interactions, Singles, State, Targets, append_columns
from domain.arrays import Floats, Ints

HALF_LIFE_DAYS: Final = 30.0
FOREVER: Final = np.inf


def fade_weights(interactions: Interactions, half_life: float) -> Floats:
    """Compute the weight of each interaction, shape (m,); 1 for the latest. `half_life` in days; with FOREVER all weigh
    1."""
    return np.exp2(-interactions.age / half_life)


def count_faded(interactions: Interactions, half_life: float) -> Floats:
    """Count the interactions of each item, faded, shape (n,)."""
    return np.bincount(interactions.item, fade_weights(interactions, half_life), len(interactions.items)).astype(
        np.float64
    )


def count_faded_by_context(interactions: Interactions, half_life: float) -> Floats:
    """Count the interactions of each item in each context, faded, shape (contexts, n)."""
    known = interactions.context != NONE
    cell = interactions.context[known] * len(interactions.items) + interactions.item[known]
    size = len(interactions.contexts) * len(interactions.items)
    counts = np.bincount(cell, fade_weights(interactions, half_life)[known], size).astype(np.float64)
    return counts.reshape(len(interactions.contexts), len(interactions.items))


class Popularity:
    """Popularity over everybody. `half_life` in days."""

    def __init__(self, half_life: float = FOREVER) -> None:
        self.half_life = half_life
        self.table: Singles = np.zeros((0, 0), np.float32)

    def fit(self, interactions: Interactions, seed: int) -> None:
        """Count; `seed` changes nothing."""
        self.table = count_faded(interactions, self.half_life)[None, :].astype(np.float32)

    def scores(self, targets: Targets, items: Ints) -> Singles:
        """Score items, the same for all targets, shape (t, len(items))."""
        return np.repeat(self.table[:, items], len(targets), axis=0)

    def state(self) -> State:
        """Return the one table."""
        return {"table": self.table}

    def restore(self, state: State) -> None:
        """Load what `state` returned."""
        self.table = state["table"]

    def fold_in_users(self, users: Interactions) -> Self:
        """Return itself: it knows nothing of clients."""
        return self

    def add_items(self, words: FeatureMatrix) -> None:
        """Add the items as ones that nobody took."""
        self.table = append_columns(self.table, len(words))


class ContextPopularity(Popularity):
    """Popularity within the target's context; over everybody without one, and to order what nobody took in it."""

    def __init__(self, half_life: float = HALF_LIFE_DAYS) -> None:
        super().__init__(half_life)

    def fit(self, interactions: Interactions, seed: int) -> None:
        """Count; the last row is that of no context."""
        total = count_faded(interactions, self.half_life)
        tie = 1e-6 * total / max(float(total.max(initial=0.0)), 1e-12)
        self.table = np.vstack([count_faded_by_context(interactions, self.half_life) + tie, total]).astype(np.float32)

    def scores(self, targets: Targets, items: Ints) -> Singles:
        """Score items by the row of each target's context."""
        return np.asarray(self.table[targets.context][:, items])
