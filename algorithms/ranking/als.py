"""`als`: implicit matrix factorisation by alternating least squares (Hu, Koren and Volinsky 2008; `implicit`)."""

from __future__ import annotations

from copy import copy
from typing import Final, Self

import numpy as np

from algorithms.ranking.data import FeatureMatrix, Interactions, Singles, State, Targets, dot_products
from domain.arrays import Ints

FACTORS: Final = 64
RIDGE: Final = 0.01
SWEEPS: Final = 15


class Als:
    """Scalar products of client and item vectors."""

    def __init__(self, factors: int = FACTORS, ridge: float = RIDGE, sweeps: int = SWEEPS) -> None:
        self.factors, self.ridge, self.sweeps = factors, ridge, sweeps
        self.clients: Singles = np.zeros((0, factors), np.float32)
        self.items: Singles = np.zeros((0, factors), np.float32)
        self.solve: Singles = np.zeros((factors, factors), np.float32)
        """The inverse of the items' Gram matrix with the ridge: it turns the sum of a client's items into their vector,
        since every interaction counts 1."""

    def fit(self, interactions: Interactions, seed: int) -> None:
        """Run the sweeps, on one thread: the same seed gives the same vectors.

        A small shop gets fewer factors: with as many factors as items, each item would stand for itself.
        """
        from implicit.cpu.als import AlternatingLeastSquares  # noqa: PLC0415
        from threadpoolctl import threadpool_limits  # noqa: PLC0415

        with threadpool_limits(1, "blas"):  # threads of both kinds would get in each other's way
            model = AlternatingLeastSquares(
                factors=min(self.factors, max(min(interactions.taken.shape) // 4, 1)),
                regularization=self.ridge,
                iterations=self.sweeps,
                random_state=seed,
                num_threads=1,
            )
            model.fit(interactions.taken, show_progress=False)
        self.items = np.asarray(model.item_factors)
        gram = self.items.T.astype(np.float64) @ self.items
        gram[np.diag_indices_from(gram)] += self.ridge
        self.solve = np.linalg.inv(gram).astype(np.float32)
        self.clients = self._solve_clients(interactions)

    def scores(self, targets: Targets, items: Ints) -> Singles:
        """Score items, shape (t, len(items)); zeros for a client without interactions."""
        return dot_products(self.clients[targets.client], self.items, items)

    def state(self) -> State:
        """Return the vectors of clients and items, and the matrix that solves for those of clients."""
        return {"clients": self.clients, "items": self.items, "solve": self.solve}

    def restore(self, state: State) -> None:
        """Load what `state` returned."""
        self.clients, self.items, self.solve = state["clients"], state["items"], state["solve"]

    def fold_in_users(self, users: Interactions) -> Self:
        """Solve least squares for each client over what they took; zeros for a client who took nothing."""
        model = copy(self)
        model.clients = self._solve_clients(users)
        return model

    def add_items(self, words: FeatureMatrix) -> None:
        """Add the items with zero vectors: words say nothing here."""
        self.items = np.vstack([self.items, np.zeros((len(words), self.items.shape[1]), np.float32)])

    def _solve_clients(self, users: Interactions) -> Singles:
        return np.asarray((users.taken @ self.items) @ self.solve, np.float32)
