"""`own`: clients take again what they took before; the more often and the later they took it, the higher the score."""

from __future__ import annotations

from copy import copy
from typing import Any, Final, Self

import numpy as np

from algorithms.ranking.data import FeatureMatrix, Interactions, Singles, State, Targets, append_columns, select_columns
from domain.arrays import Ints

HALF_LIFE_DAYS: Final = 180.0


class OwnHistory:
    """The client's own faded counts; and what everybody took, to order what the client never took."""

    def __init__(self, half_life: float = HALF_LIFE_DAYS) -> None:
        self.half_life = half_life
        self.own: Any = None
        self.rest: Singles = np.zeros(0, np.float32)

    def fit(self, interactions: Interactions, seed: int) -> None:
        """Count; `seed` changes nothing."""
        self.own = self._fade_counts(interactions)
        total = np.bincount(interactions.item, np.exp2(-interactions.age / 30.0), len(interactions.items))
        smallest = float(self.own.data.min(initial=1.0))
        self.rest = (0.5 * smallest * total / max(float(total.max(initial=0.0)), 1e-12)).astype(np.float32)

    def scores(self, targets: Targets, items: Ints) -> Singles:
        """Score items, shape (t, len(items))."""
        return np.asarray(select_columns(self.own[targets.client], items).toarray() + self.rest[items], np.float32)

    def state(self) -> State:
        """Return the clients' own counts, and those of everybody."""
        return {"own": self.own, "rest": self.rest}

    def restore(self, state: State) -> None:
        """Load what `state` returned."""
        self.own, self.rest = state["own"], state["rest"]

    def fold_in_users(self, users: Interactions) -> Self:
        """Count what the clients took; it fades from the latest of it on."""
        model = copy(self)
        model.own = self._fade_counts(users)
        return model

    def add_items(self, words: FeatureMatrix) -> None:
        """Add the items as ones that nobody took."""
        self.rest = append_columns(self.rest, len(words))

    def _fade_counts(self, interactions: Interactions) -> Any:
        from scipy import sparse  # noqa: PLC0415

        weights = np.exp2(-interactions.age / self.half_life).astype(np.float32)
        shape = (len(interactions.clients), len(interactions.items))
        return sparse.coo_matrix((weights, (interactions.client, interactions.item)), shape).tocsr()
