"""`words`: which words of items are popular lately, in this context, with clients of the same words and with the client
themselves. It knows no item by itself, so it serves those that nobody took yet."""

from __future__ import annotations

from copy import copy
from typing import Any, Final, Self

import numpy as np

from algorithms.ranking.data import Asked, FeatureMatrix, Log, Singles, State, everything
from algorithms.ranking.popularity import by_context, everybody
from domain.arrays import Floats, Ints

HALF_LIFE_DAYS: Final = 90.0
IN_CONTEXT, OF_COHORT, OF_CLIENT = 20.0, 30.0, 5.0
"""Takings of everybody that are added to those in a context, of a cohort, of a client."""
COHORT_WORDS: Final = 2_000
"""The commonest words of clients count."""
TASTE: Final = 0.6
"""Of a client's and their cohort's lifts, beside the popularity: measured in docs/ranking.md."""


class WordTaste:
    """Of each item the mean over its words; nothing of an item without words."""

    def __init__(self) -> None:
        self.names: dict[str, int] = {}
        """Words of items."""
        self.cohort_names: dict[str, int] = {}
        """Words of clients."""
        self.items: Any = None
        """Sparse (n, words), rows sum to 1."""
        self.trend: Singles = np.zeros((0, 0), np.float32)
        """Log popularity per item of each word in each context, (contexts + 1, words); the last row: in none."""
        self.share: Floats = np.zeros(0)
        self.took: Any = None
        """How often each client took each word, sparse (c, words)."""
        self.cohorts: Any = None
        self.lift: Singles = np.zeros((0, 0), np.float32)

    def fit(self, log: Log, seed: int) -> None:
        """Count; `seed` changes nothing."""
        words: Any = log.item_words.matrix()
        self.names = {name: place for place, name in enumerate(log.item_words.names)}
        self.items = _shares(words)
        taken = everybody(log, HALF_LIFE_DAYS) @ words + 1e-3
        offered = log.seen.astype(np.float64) @ words + 1.0
        lately = taken / max(float(taken.sum()), 1e-12)
        inside = by_context(log, HALF_LIFE_DAYS) @ words
        lift = _lift(inside, lately, IN_CONTEXT)
        popular = np.log(lately / (offered / max(float(offered.sum()), 1e-12)))
        self.trend = (popular + np.vstack([lift, np.zeros(words.shape[1])])).astype(np.float32)
        self.took = (log.counts @ words).tocsr()
        total = np.asarray(self.took.sum(axis=0)).ravel() + 1e-3
        self.share = total / max(float(total.sum()), 1e-12)
        self._fit_cohorts(log)

    def _fit_cohorts(self, log: Log) -> None:
        mine: Any = log.client_words.matrix()
        common = np.sort(np.argsort(-np.asarray(mine.sum(axis=0)).ravel(), kind="stable")[:COHORT_WORDS])
        self.cohort_names = {log.client_words.names[word]: place for place, word in enumerate(common.tolist())}
        self.cohorts = mine[:, common].tocsr()
        counts = (self.cohorts.T @ self.took).toarray().astype(np.float64)
        self.lift = np.ascontiguousarray(_lift(counts, self.share, OF_COHORT), np.float32)

    def scores(self, asked: Asked, items: Ints) -> Singles:
        """Shape (t, len(items))."""
        return self.trends(asked, items) + np.float32(TASTE) * (
            self.of_client(asked, items) + self.of_cohort(asked, items)
        )

    def trends(self, asked: Asked, items: Ints) -> Singles:
        """How popular the words are in the context asked for."""
        return self._of(self.trend[asked.context], items)

    def of_client(self, asked: Asked, items: Ints) -> Singles:
        """How much more often the client took the words than everybody; zeros for who took nothing."""
        return self._of(_lift(self.took[asked.client].toarray(), self.share, OF_CLIENT), items)

    def of_cohort(self, asked: Asked, items: Ints) -> Singles:
        """How much more often clients of the same words did."""
        return self._of(np.asarray(self.cohorts[asked.client] @ self.lift), items)

    def _of(self, words: Any, items: Ints) -> Singles:
        goods = self.items if everything(items, self.items.shape[0]) else self.items[items]
        return np.asarray((goods @ words.T.astype(np.float32)).T, np.float32)

    def state(self) -> State:
        """All of it."""
        found = {name: getattr(self, name) for name in ("items", "trend", "share", "took", "cohorts", "lift")}
        return found | {"names": [*self.names], "cohort_names": [*self.cohort_names]}

    def restore(self, state: State) -> None:
        """See `state`."""
        for name, value in state.items():
            known = {word: place for place, word in enumerate(value)} if name.endswith("names") else value
            setattr(self, name, known)

    def met(self, people: Log) -> Self:
        """By the words of what they took, and by their own."""
        mine = copy(self)
        mine.took = _counted(people) @ self.items[people.item].sign()
        mine.cohorts = people.client_words.within(self.cohort_names)
        return mine

    def widen(self, words: FeatureMatrix) -> None:
        """By those of their words that are known."""
        from scipy import sparse  # noqa: PLC0415

        self.items = sparse.vstack([self.items, _shares(words.within(self.names))]).tocsr()


def _counted(people: Log) -> Any:
    """Whose each interaction is: sparse (c, m)."""
    from scipy import sparse  # noqa: PLC0415

    cells = (np.ones(len(people), np.float32), (people.client, np.arange(len(people))))
    return sparse.coo_matrix(cells, (len(people.clients), len(people))).tocsr()


def _shares(words: Any) -> Any:
    """Rows that sum to 1, or hold nothing."""
    from scipy import sparse  # noqa: PLC0415

    each = np.maximum(np.asarray(words.sum(axis=1)).ravel(), 1.0)
    return (sparse.diags((1.0 / each).astype(np.float32)) @ words).tocsr()


def _lift(counts: Floats, share: Floats, prior: float) -> Floats:
    """Log of how much more often than everybody, by row."""
    total = counts.sum(axis=1, keepdims=True)
    return np.asarray(np.log((counts + prior * share) / (total + prior) / share))
