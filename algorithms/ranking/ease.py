"""`ease`: each item foretold from all others by a ridge regression in closed form (Steck 2019)."""

from __future__ import annotations

from copy import copy
from typing import Any, Final, Self

import numpy as np

from algorithms.ranking.data import NONE, Asked, FeatureMatrix, Log, Singles, State, renumbered, wider
from domain.arrays import Ints

CAP: Final = 4_000
"""The most taken items that are regressed on each other: the inverse costs the cube of their number. Others get 0."""
RIDGE: Final = 200.0


class Ease:
    """`ridge` is added for each interaction's evidence: the larger, the closer to co-occurrence."""

    def __init__(self, ridge: float = RIDGE) -> None:
        self.ridge = ridge
        self.columns: Ints = np.zeros(0, np.int64)
        self.weights: Singles = np.zeros((0, 0), np.float32)
        self.taken: Any = None
        self.place: Ints = np.zeros(0, np.int64)
        """Of each item among the columns, NONE for the others."""

    def fit(self, log: Log, seed: int) -> None:
        """Invert once; `seed` changes nothing."""
        from scipy import linalg  # noqa: PLC0415

        takers = np.asarray(log.taken.sum(axis=0)).ravel()
        self.columns = np.sort(np.argsort(-takers, kind="stable")[: min(CAP, int((takers > 0).sum()))])
        self.place = self._places(len(log.items))
        mine = self.taken = renumbered(log.taken, self.place, len(self.columns))
        gram = (mine.T @ mine).toarray().astype(np.float64)
        gram[np.diag_indices_from(gram)] += self.ridge
        inverse = linalg.inv(gram, overwrite_a=True, check_finite=False)
        weights = inverse / -np.diag(inverse)
        np.fill_diagonal(weights, 0.0)
        self.weights = np.ascontiguousarray(weights, np.float32)  # else every product would copy it into order

    def scores(self, asked: Asked, items: Ints) -> Singles:
        """Shape (t, len(items))."""
        place = self.place[items]
        inside = place != NONE
        found = np.zeros((len(asked), len(items)), np.float32)
        found[:, inside] = (self.taken[asked.client] @ self.weights)[:, place[inside]]
        return found

    def state(self) -> State:
        """Who took which of the regressed items, and the regression."""
        return {"taken": self.taken, "columns": self.columns, "weights": self.weights, "n": len(self.place)}

    def restore(self, state: State) -> None:
        """See `state`."""
        self.taken, self.columns, self.weights = state["taken"], state["columns"], state["weights"]
        self.place = self._places(state["n"])

    def met(self, people: Log) -> Self:
        """By what they took."""
        mine = copy(self)
        mine.taken = renumbered(people.taken, self.place, len(self.columns))
        return mine

    def widen(self, words: FeatureMatrix) -> None:
        """Words say nothing here."""
        self.place = wider(self.place, len(words), NONE)

    def _places(self, n: int) -> Ints:
        place = np.full(n, NONE)
        place[self.columns] = np.arange(len(self.columns))
        return place
