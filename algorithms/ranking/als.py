"""`als`: implicit matrix factorisation by alternating least squares (Hu, Koren and Volinsky 2008; `implicit`)."""

from __future__ import annotations

from typing import Final

import numpy as np

from algorithms.ranking.data import Asked, Log, Singles, State
from domain.arrays import Ints

FACTORS: Final = 64
RIDGE: Final = 0.01
ALPHA: Final = 1.0
SWEEPS: Final = 15


class Als:
    """Scalar products of client and item vectors."""

    def __init__(
        self, factors: int = FACTORS, ridge: float = RIDGE, alpha: float = ALPHA, sweeps: int = SWEEPS
    ) -> None:
        self.factors, self.ridge, self.alpha, self.sweeps = factors, ridge, alpha, sweeps
        self.clients: Singles = np.zeros((0, factors), np.float32)
        self.items: Singles = np.zeros((0, factors), np.float32)

    def fit(self, log: Log, seed: int) -> None:
        """Sweep. One thread: the same seed gives the same vectors. A small shop gets fewer factors: with as many as it
        has items, each would stand for itself."""
        from implicit.cpu.als import AlternatingLeastSquares  # noqa: PLC0415
        from threadpoolctl import threadpool_limits  # noqa: PLC0415

        with threadpool_limits(1, "blas"):  # threads of both kinds would get in each other's way
            model = AlternatingLeastSquares(
                factors=min(self.factors, max(min(log.taken.shape) // 4, 1)),
                regularization=self.ridge,
                alpha=self.alpha,
                iterations=self.sweeps,
                random_state=seed,
                num_threads=1,
            )
            model.fit(log.taken, show_progress=False)
        self.clients, self.items = np.asarray(model.user_factors), np.asarray(model.item_factors)

    def scores(self, asked: Asked, items: Ints) -> Singles:
        """Shape (t, len(items)); zeros for a client without interactions."""
        return np.asarray(self.clients[asked.client] @ self.items[items].T, np.float32)

    def state(self) -> State:
        """Vectors of clients and items."""
        return {"clients": self.clients, "items": self.items}

    def restore(self, state: State) -> None:
        """See `state`."""
        self.clients, self.items = state["clients"], state["items"]
