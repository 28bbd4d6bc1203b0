"""`words`: which words of items are popular lately, in this context, with clients of the same words and with the
client. It knows no item by itself, so it serves items that nobody took yet."""

from __future__ import annotations

from copy import copy
from typing import Any, Final, Self

import numpy as np

from algorithms.ranking.data import FeatureMatrix, Interactions, Singles, State, Targets, is_everything
from algorithms.ranking.popularity import count_faded, count_faded_by_context
from domain.arrays import Floats, Ints

HALF_LIFE_DAYS: Final = 90.0
IN_CONTEXT, OF_COHORT, OF_CLIENT = 20.0, 30.0, 5.0
"""Interactions, spread as everybody's, that are added to those in a context, of a cohort, of a client."""
COHORT_WORDS: Final = 2_000
"""The most common words of clients count."""
LIFT_WEIGHT: Final = 0.6
"""Weight of a client's and their cohort's lifts beside the popularity: measured in docs/ranking.md."""


class WordPreferences:
    """The mean over an item's words; 0 for an item without words."""

    def __init__(self) -> None:
        self.names: dict[str, int] = {}
        """Words of items."""
        self.cohort_names: dict[str, int] = {}
        """Words of clients."""
        self.items: Any = None
        """Sparse (n, words), rows sum to 1."""
        self.trend: Singles = np.zeros((0, 0), np.float32)
        """Log popularity per item of each word in each context, (contexts + 1, words); the last row is that of no
        context."""
        self.share: Floats = np.zeros(0)
        self.took: Any = None
        """How often each client took each word, sparse (c, words)."""
        self.cohorts: Any = None
        self.lift: Singles = np.zeros((0, 0), np.float32)

    def fit(self, interactions: Interactions, seed: int) -> None:
        """Count; `seed` changes nothing."""
        words: Any = interactions.item_words.matrix()
        self.names = {name: index for index, name in enumerate(interactions.item_words.names)}
        self.items = _normalise_rows(words)
        taken = count_faded(interactions, HALF_LIFE_DAYS) @ words + 1e-3
        offered = interactions.seen.astype(np.float64) @ words + 1.0
        lately = taken / max(float(taken.sum()), 1e-12)
        inside = count_faded_by_context(interactions, HALF_LIFE_DAYS) @ words
        lift = _lift(inside, lately, IN_CONTEXT)
        popular = np.log(lately / (offered / max(float(offered.sum()), 1e-12)))
        self.trend = (popular + np.vstack([lift, np.zeros(words.shape[1])])).astype(np.float32)
        self.took = (interactions.counts @ words).tocsr()
        total = np.asarray(self.took.sum(axis=0)).ravel() + 1e-3
        self.share = total / max(float(total.sum()), 1e-12)
        self._fit_cohorts(interactions)

    def _fit_cohorts(self, interactions: Interactions) -> None:
        words: Any = interactions.client_words.matrix()
        common = np.sort(np.argsort(-np.asarray(words.sum(axis=0)).ravel(), kind="stable")[:COHORT_WORDS])
        self.cohort_names = {interactions.client_words.names[word]: index for index, word in enumerate(common.tolist())}
        self.cohorts = words[:, common].tocsr()
        counts = (self.cohorts.T @ self.took).toarray().astype(np.float64)
        self.lift = np.ascontiguousarray(_lift(counts, self.share, OF_COHORT), np.float32)

    def scores(self, targets: Targets, items: Ints) -> Singles:
        """Score items, shape (t, len(items))."""
        return self.trends(targets, items) + np.float32(LIFT_WEIGHT) * (
            self.lift_of_client(targets, items) + self.lift_of_cohort(targets, items)
        )

    def trends(self, targets: Targets, items: Ints) -> Singles:
        """Score how popular the words are in each target's context."""
        return self._average_words(self.trend[targets.context], items)

    def lift_of_client(self, targets: Targets, items: Ints) -> Singles:
        """Score how much more often than everybody the client took the words; zeros for a client who took nothing."""
        return self._average_words(_lift(self.took[targets.client].toarray(), self.share, OF_CLIENT), items)

    def lift_of_cohort(self, targets: Targets, items: Ints) -> Singles:
        """Score how much more often than everybody clients of the same words took the words."""
        return self._average_words(np.asarray(self.cohorts[targets.client] @ self.lift), items)

    def _average_words(self, words: Any, items: Ints) -> Singles:
        item_words = self.items if is_everything(items, self.items.shape[0]) else self.items[items]
        return np.asarray((item_words @ words.T.astype(np.float32)).T, np.float32)

    def state(self) -> State:
        """Return all that was counted."""
        arrays = {name: getattr(self, name) for name in ("items", "trend", "share", "took", "cohorts", "lift")}
        return arrays | {"names": [*self.names], "cohort_names": [*self.cohort_names]}

    def restore(self, state: State) -> None:
        """Load what `state` returned."""
        for name, value in state.items():
            restored = {word: index for index, word in enumerate(value)} if name.endswith("names") else value
            setattr(self, name, restored)

    def fold_in_users(self, users: Interactions) -> Self:
        """Know the clients by the words of what they took, and by their own."""
        model = copy(self)
        model.took = _count_by_client(users) @ self.items[users.item].sign()
        model.cohorts = users.client_words.within(self.cohort_names)
        return model

    def add_items(self, words: FeatureMatrix) -> None:
        """Add the items by those of their words that are known."""
        from scipy import sparse  # noqa: PLC0415

        self.items = sparse.vstack([self.items, _normalise_rows(words.within(self.names))]).tocsr()


def _count_by_client(users: Interactions) -> Any:
    """Flag whose each interaction is: sparse (c, m)."""
    from scipy import sparse  # noqa: PLC0415

    cells = (np.ones(len(users), np.float32), (users.client, np.arange(len(users))))
    return sparse.coo_matrix(cells, (len(users.clients), len(users))).tocsr()


def _normalise_rows(words: Any) -> Any:
    """Scale rows to sum to 1; empty rows stay empty."""
    from scipy import sparse  # noqa: PLC0415

    totals = np.maximum(np.asarray(words.sum(axis=1)).ravel(), 1.0)
    return (sparse.diags((1.0 / totals).astype(np.float32)) @ words).tocsr()


def _lift(counts: Floats, share: Floats, prior: float) -> Floats:
    """Compute the log of how much more often than everybody, by row."""
    total = counts.sum(axis=1, keepdims=True)
    return np.asarray(np.log((counts + prior * share) / (total + prior) / share))
