"""`cohorts`: what clients of the same words (age, build, style) took more often than everybody. Serves clients who did
nothing yet."""

from __future__ import annotations

from copy import copy
from typing import Any, Final, Self

import numpy as np

from algorithms.ranking.data import Asked, FeatureMatrix, Log, Singles, State, wider
from algorithms.ranking.popularity import everybody
from domain.arrays import Ints

HALF_LIFE_DAYS: Final = 365.0
PRIOR: Final = 30.0
"""Takings of everybody that are added to those of each word."""
MOST_WORDS: Final = 2_000
"""The commonest words count: rare ones say little, and each takes a row of all items."""


class Cohorts:
    """The sum over the client's words of log lifts (naive Bayes), and of everybody's log share. `lift_only`: leave the
    latter out."""

    def __init__(self, lift_only: bool = False) -> None:
        self.lift_only = lift_only
        self.names: dict[str, int] = {}
        self.of_client: Any = None
        self.lift: Singles = np.zeros((0, 0), np.float32)
        self.share: Singles = np.zeros(0, np.float32)

    def fit(self, log: Log, seed: int) -> None:
        """Count; `seed` changes nothing."""
        from scipy import sparse  # noqa: PLC0415

        weights = np.exp2(-log.age / HALF_LIFE_DAYS).astype(np.float32)
        shape = (len(log.clients), len(log.items))
        took = sparse.coo_matrix((weights, (log.client, log.item)), shape).tocsr()
        words = log.client_words.matrix()
        common = np.sort(np.argsort(-np.asarray(words.sum(axis=0)).ravel(), kind="stable")[:MOST_WORDS])
        self.names = {log.client_words.names[word]: place for place, word in enumerate(common.tolist())}
        self.of_client = words[:, common].tocsr()
        counts = (self.of_client.T @ took).toarray()
        total = everybody(log, HALF_LIFE_DAYS)
        share = (total / max(float(total.sum()), 1e-12)).astype(np.float32)
        expected = (counts.sum(axis=1, keepdims=True) + PRIOR) * share
        known = share > 0
        self.lift = np.zeros(counts.shape, np.float32)
        self.lift[:, known] = np.log((counts + PRIOR * share)[:, known] / expected[:, known])
        self.share = np.zeros_like(share) if self.lift_only else np.log(share * len(share) + 0.05)

    def scores(self, asked: Asked, items: Ints) -> Singles:
        """Shape (t, len(items))."""
        return np.asarray((self.of_client[asked.client] @ self.lift + self.share)[:, items], np.float32)

    def state(self) -> State:
        """Words of clients, lifts and shares."""
        return {"names": [*self.names], "of_client": self.of_client, "lift": self.lift, "share": self.share}

    def restore(self, state: State) -> None:
        """See `state`."""
        self.names = {name: place for place, name in enumerate(state["names"])}
        self.of_client, self.lift, self.share = state["of_client"], state["lift"], state["share"]

    def met(self, people: Log) -> Self:
        """By their words."""
        mine = copy(self)
        mine.of_client = people.client_words.within(self.names)
        return mine

    def widen(self, words: FeatureMatrix) -> None:
        """Nobody took them, in no cohort."""
        self.lift = wider(self.lift, len(words))
        self.share = wider(self.share, len(words), 0.0 if self.lift_only else float(np.log(0.05)))
