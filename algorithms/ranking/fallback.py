"""A fallback for algorithms that know only a client's own history: a client without one gets what is popular lately."""

from __future__ import annotations

from copy import copy
from typing import Self

import numpy as np

from algorithms.ranking.data import (
    FeatureMatrix,
    Interactions,
    RankingAlgorithm,
    Singles,
    State,
    Targets,
    select_substate,
)
from algorithms.ranking.popularity import ContextPopularity
from domain.arrays import Flags, Ints


class FallbackToRecent:
    """`model` for clients with a history, recent popularity by context for the others."""

    def __init__(self, model: RankingAlgorithm) -> None:
        self.model, self.recent = model, ContextPopularity()
        self.warm: Flags = np.zeros(0, np.bool_)

    def fit(self, interactions: Interactions, seed: int) -> None:
        """Fit both."""
        self.model.fit(interactions, seed)
        self.recent.fit(interactions, seed)
        self.warm = interactions.warm

    def scores(self, targets: Targets, items: Ints) -> Singles:
        """Score items, shape (t, len(items))."""
        warm = np.asarray(self.warm[targets.client])
        if warm.all():
            return self.model.scores(targets, items)
        scores = np.empty((len(targets), len(items)), np.float32)
        scores[~warm] = self.recent.scores(targets.part(~warm), items)
        if warm.any():
            scores[warm] = self.model.scores(targets.part(warm), items)
        return scores

    def state(self) -> State:
        """Return the states of both, and who has a history."""
        return {"warm": self.warm, "recent": self.recent.table} | {
            f"made-{k}": v for k, v in self.model.state().items()
        }

    def restore(self, state: State) -> None:
        """Load what `state` returned."""
        self.warm = state["warm"]
        self.recent.restore({"table": state["recent"]})
        self.model.restore(select_substate(state, "made"))

    def fold_in_users(self, users: Interactions) -> Self:
        """Fold the clients into the model; whoever has a history now is scored by it."""
        fallback = copy(self)
        fallback.model, fallback.warm = self.model.fold_in_users(users), users.warm
        return fallback

    def add_items(self, words: FeatureMatrix) -> None:
        """Add the items to both."""
        self.model.add_items(words)
        self.recent.add_items(words)
