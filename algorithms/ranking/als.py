"""`als`: implicit matrix factorisation by alternating least squares (Hu, Koren and Volinsky 2008; `implicit`)."""

from __future__ import annotations

from copy import copy
from typing import Final, Self

import numpy as np

from algorithms.ranking.data import Asked, FeatureMatrix, Log, Singles, State, dots
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

    def fit(self, log: Log, seed: int) -> None:
        """Sweep. One thread: the same seed gives the same vectors. A small shop gets fewer factors: with as many as it
        has items, each would stand for itself."""
        from implicit.cpu.als import AlternatingLeastSquares  # noqa: PLC0415
        from threadpoolctl import threadpool_limits  # noqa: PLC0415

        with threadpool_limits(1, "blas"):  # threads of both kinds would get in each other's way
            model = AlternatingLeastSquares(
                factors=min(self.factors, max(min(log.taken.shape) // 4, 1)),
                regularization=self.ridge,
                iterations=self.sweeps,
                random_state=seed,
                num_threads=1,
            )
            model.fit(log.taken, show_progress=False)
        self.items = np.asarray(model.item_factors)
        gram = self.items.T.astype(np.float64) @ self.items
        gram[np.diag_indices_from(gram)] += self.ridge
        self.solve = np.linalg.inv(gram).astype(np.float32)
        self.clients = self._solved(log)

    def scores(self, asked: Asked, items: Ints) -> Singles:
        """Shape (t, len(items)); zeros for a client without interactions."""
        return dots(self.clients[asked.client], self.items, items)

    def state(self) -> State:
        """Vectors of clients and items, and what solves for those of clients."""
        return {"clients": self.clients, "items": self.items, "solve": self.solve}

    def restore(self, state: State) -> None:
        """See `state`."""
        self.clients, self.items, self.solve = state["clients"], state["items"], state["solve"]

    def met(self, people: Log) -> Self:
        """Least squares for each client over what they took; zeros for who took nothing."""
        mine = copy(self)
        mine.clients = self._solved(people)
        return mine

    def widen(self, words: FeatureMatrix) -> None:
        """Words say nothing here."""
        self.items = np.vstack([self.items, np.zeros((len(words), self.items.shape[1]), np.float32)])

    def _solved(self, people: Log) -> Singles:
        return np.asarray((people.taken @ self.items) @ self.solve, np.float32)
