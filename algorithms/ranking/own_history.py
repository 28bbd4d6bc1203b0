"""`own`: what a client took before, they take again: more often, the more often and the later they took it."""

from __future__ import annotations

from copy import copy
from typing import Any, Final, Self

import numpy as np

from algorithms.ranking.data import Asked, FeatureMatrix, Log, Singles, State, columns, wider
from domain.arrays import Ints

HALF_LIFE_DAYS: Final = 180.0


class OwnHistory:
    """The client's own faded counts; and what everybody took, to tell apart what they never did."""

    def __init__(self, half_life: float = HALF_LIFE_DAYS) -> None:
        self.half_life = half_life
        self.own: Any = None
        self.rest: Singles = np.zeros(0, np.float32)

    def fit(self, log: Log, seed: int) -> None:
        """Count; `seed` changes nothing."""
        self.own = self._faded(log)
        total = np.bincount(log.item, np.exp2(-log.age / 30.0), len(log.items))
        smallest = float(self.own.data.min(initial=1.0))
        self.rest = (0.5 * smallest * total / max(float(total.max(initial=0.0)), 1e-12)).astype(np.float32)

    def scores(self, asked: Asked, items: Ints) -> Singles:
        """Shape (t, len(items))."""
        return np.asarray(columns(self.own[asked.client], items).toarray() + self.rest[items], np.float32)

    def state(self) -> State:
        """Own counts, and those of everybody."""
        return {"own": self.own, "rest": self.rest}

    def restore(self, state: State) -> None:
        """See `state`."""
        self.own, self.rest = state["own"], state["rest"]

    def met(self, people: Log) -> Self:
        """By what they took; it fades from the latest of it on."""
        mine = copy(self)
        mine.own = self._faded(people)
        return mine

    def widen(self, words: FeatureMatrix) -> None:
        """Nobody took them."""
        self.rest = wider(self.rest, len(words))

    def _faded(self, log: Log) -> Any:
        from scipy import sparse  # noqa: PLC0415

        weights = np.exp2(-log.age / self.half_life).astype(np.float32)
        shape = (len(log.clients), len(log.items))
        return sparse.coo_matrix((weights, (log.client, log.item)), shape).tocsr()
