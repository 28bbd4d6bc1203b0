"""`ease`: each item predicted from all others by a ridge regression in closed form (Steck 2019)."""

from __future__ import annotations

from copy import copy
from typing import Any, Final, Self

import numpy as np

from algorithms.ranking.data import (
    NONE,
    FeatureMatrix,
    Interactions,
    Singles,
    State,
    Targets,
    append_columns,
    renumber_columns,
)
from domain.arrays import Ints

CAP: Final = 4_000
"""The most taken items, which are regressed on each other: the inverse costs the cube of their number. Others get 0."""
RIDGE: Final = 200.0


class Ease:
    """A ridge regression of each item on the others. The larger `ridge`, the closer to co-occurrence."""

    def __init__(self, ridge: float = RIDGE, cap: int = CAP) -> None:
        self.ridge, self.cap = ridge, cap
        self.columns: Ints = np.zeros(0, np.int64)
        self.weights: Singles = np.zeros((0, 0), np.float32)
        self.taken: Any = None
        self.column_of: Ints = np.zeros(0, np.int64)
        """The column of each item, NONE for items outside the regression."""

    def fit(self, interactions: Interactions, seed: int) -> None:
        """Invert the Gram matrix once; `seed` changes nothing."""
        takers = np.asarray(interactions.taken.sum(axis=0)).ravel()
        self.columns = np.sort(np.argsort(-takers, kind="stable")[: min(self.cap, int((takers > 0).sum()))])
        self.column_of = self._number_columns(len(interactions.items))
        taken = self.taken = renumber_columns(interactions.taken, self.column_of, len(self.columns))
        self.weights = solve_regression((taken.T @ taken).toarray(), self.ridge)

    def scores(self, targets: Targets, items: Ints) -> Singles:
        """Score items, shape (t, len(items))."""
        column = self.column_of[items]
        inside = column != NONE
        scores = np.zeros((len(targets), len(items)), np.float32)
        scores[:, inside] = (self.taken[targets.client] @ self.weights)[:, column[inside]]
        return scores

    def state(self) -> State:
        """Return who took which of the regressed items, and the regression."""
        return {"taken": self.taken, "columns": self.columns, "weights": self.weights, "n": len(self.column_of)}

    def restore(self, state: State) -> None:
        """Load what `state` returned."""
        self.taken, self.columns, self.weights = state["taken"], state["columns"], state["weights"]
        self.column_of = self._number_columns(state["n"])

    def fold_in_users(self, users: Interactions) -> Self:
        """Know the clients by what they took."""
        model = copy(self)
        model.taken = renumber_columns(users.taken, self.column_of, len(self.columns))
        return model

    def add_items(self, words: FeatureMatrix) -> None:
        """Add the items outside the regression: words say nothing here."""
        self.column_of = append_columns(self.column_of, len(words), NONE)

    def _number_columns(self, n: int) -> Ints:
        column = np.full(n, NONE)
        column[self.columns] = np.arange(len(self.columns))
        return column


def solve_regression(gram: Singles, ridge: float) -> Singles:
    """Compute the regression of each item on the others from their Gram matrix (n, n), which is overwritten.

    The inverse is by Cholesky's factors, at half the cost of a general one.
    """
    from scipy.linalg import lapack  # noqa: PLC0415

    if not len(gram):
        return np.zeros((0, 0), np.float32)
    gram[np.diag_indices_from(gram)] += ridge
    factor, _ = lapack.spotrf(np.asfortranarray(gram), lower=True, overwrite_a=True)
    lower, _ = lapack.spotri(factor, lower=True, overwrite_c=True)
    inverse = np.tril(lower) + np.tril(lower, -1).T
    weights = inverse / -np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    return np.ascontiguousarray(weights, np.float32)  # else every product would copy it first
