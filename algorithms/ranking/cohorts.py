"""`cohorts`: what clients of the same words (age, build, style) took more often than everybody. It serves clients
without a history."""

from __future__ import annotations

from copy import copy
from typing import Any, Final, Self

import numpy as np

from algorithms.ranking.data import FeatureMatrix, Interactions, Singles, State, Targets, append_columns
from algorithms.ranking.popularity import count_faded
from domain.arrays import Ints

HALF_LIFE_DAYS: Final = 365.0
PRIOR: Final = 30.0
"""Interactions, spread as everybody's, that are added to those of each word."""
MOST_WORDS: Final = 2_000
"""The most common words count: rare ones say little, and each takes a row of all items."""


class Cohorts:
    """The sum over the client's words of log lifts (naive Bayes), and everybody's log share, which `lift_only` leaves
    out."""

    def __init__(self, lift_only: bool = False) -> None:
        self.lift_only = lift_only
        self.names: dict[str, int] = {}
        self.lift_of_client: Any = None
        self.lift: Singles = np.zeros((0, 0), np.float32)
        self.share: Singles = np.zeros(0, np.float32)

    def fit(self, interactions: Interactions, seed: int) -> None:
        """Count; `seed` changes nothing."""
        from scipy import sparse  # noqa: PLC0415

        weights = np.exp2(-interactions.age / HALF_LIFE_DAYS).astype(np.float32)
        shape = (len(interactions.clients), len(interactions.items))
        took = sparse.coo_matrix((weights, (interactions.client, interactions.item)), shape).tocsr()
        words = interactions.client_words.matrix()
        common = np.sort(np.argsort(-np.asarray(words.sum(axis=0)).ravel(), kind="stable")[:MOST_WORDS])
        self.names = {interactions.client_words.names[word]: index for index, word in enumerate(common.tolist())}
        self.lift_of_client = words[:, common].tocsr()
        counts = (self.lift_of_client.T @ took).toarray()
        total = count_faded(interactions, HALF_LIFE_DAYS)
        share = (total / max(float(total.sum()), 1e-12)).astype(np.float32)
        expected = (counts.sum(axis=1, keepdims=True) + PRIOR) * share
        known = share > 0
        self.lift = np.zeros(counts.shape, np.float32)
        self.lift[:, known] = np.log((counts + PRIOR * share)[:, known] / expected[:, known])
        self.share = np.zeros_like(share) if self.lift_only else np.log(share * len(share) + 0.05)

    def scores(self, targets: Targets, items: Ints) -> Singles:
        """Score items, shape (t, len(items))."""
        return np.asarray((self.lift_of_client[targets.client] @ self.lift + self.share)[:, items], np.float32)

    def state(self) -> State:
        """Return the words of clients, lifts and shares."""
        return {"names": [*self.names], "of_client": self.lift_of_client, "lift": self.lift, "share": self.share}

    def restore(self, state: State) -> None:
        """Load what `state` returned."""
        self.names = {name: index for index, name in enumerate(state["names"])}
        self.lift_of_client, self.lift, self.share = state["of_client"], state["lift"], state["share"]

    def fold_in_users(self, users: Interactions) -> Self:
        """Look the clients up by their words."""
        model = copy(self)
        model.lift_of_client = users.client_words.within(self.names)
        return model

    def add_items(self, words: FeatureMatrix) -> None:
        """Add the items as ones that no cohort took."""
        self.lift = append_columns(self.lift, len(words))
        self.share = append_columns(self.share, len(words), 0.0 if self.lift_only else float(np.log(0.05)))
