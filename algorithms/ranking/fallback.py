"""For algorithms that speak from a client's own history alone: whoever has none gets what is popular lately."""

from __future__ import annotations

from copy import copy
from typing import Self

import numpy as np

from algorithms.ranking.data import Algorithm, Asked, FeatureMatrix, Log, Singles, State, part_of
from algorithms.ranking.popularity import ContextPopularity
from domain.arrays import Flags, Ints


class OrRecent:
    """`made` for clients with a history, recent popularity by context for the others."""

    def __init__(self, made: Algorithm) -> None:
        self.made, self.recent = made, ContextPopularity()
        self.warm: Flags = np.zeros(0, np.bool_)

    def fit(self, log: Log, seed: int) -> None:
        """Both learn."""
        self.made.fit(log, seed)
        self.recent.fit(log, seed)
        self.warm = log.warm

    def scores(self, asked: Asked, items: Ints) -> Singles:
        """Shape (t, len(items))."""
        warm = np.asarray(self.warm[asked.client])
        if warm.all():
            return self.made.scores(asked, items)
        found = np.empty((len(asked), len(items)), np.float32)
        found[~warm] = self.recent.scores(asked.part(~warm), items)
        if warm.any():
            found[warm] = self.made.scores(asked.part(warm), items)
        return found

    def state(self) -> State:
        """Of both."""
        return {"warm": self.warm, "recent": self.recent.table} | {f"made-{k}": v for k, v in self.made.state().items()}

    def restore(self, state: State) -> None:
        """See `state`."""
        self.warm = state["warm"]
        self.recent.restore({"table": state["recent"]})
        self.made.restore(part_of(state, "made"))

    def met(self, people: Log) -> Self:
        """Who has a history now is asked of it."""
        mine = copy(self)
        mine.made, mine.warm = self.made.met(people), people.warm
        return mine

    def widen(self, words: FeatureMatrix) -> None:
        """Both."""
        self.made.widen(words)
        self.recent.widen(words)
