"""`hybrid`: factorisation of who took what with the words of clients and items (LightFM, WARP; Kula 2015). An item
that nobody took yet is placed by its words, a client who did nothing by theirs."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from algorithms.ranking.data import NONE, Asked, FeatureMatrix, Log, Singles, State, dots, part_of
from algorithms.ranking.shortlist import Shortlist, front
from algorithms.ranking.word_taste import WordTaste
from domain.arrays import Ints

FACTORS: Final = 32
EPOCHS: Final = 15
FACTORED: Final = 0.5
"""Of the factorisation beside the words."""
HALF_LIFE_DAYS: Final = 180.0
"""An old liking teaches less than a new one."""
FOLD_RIDGE: Final = 1.0


@dataclass(frozen=True)
class Side:
    """Vectors of clients or items (n, factors + 1), each the mean of its own and its words'; the last is the bias."""

    vectors: Singles
    names: dict[str, int]
    of_word: Singles
    """Of each word in `names`."""

    def placed(self, words: FeatureMatrix, own: Singles | None = None) -> Side:
        """Those described by `words`, with their own vectors where there are any."""
        matrix = words.within(self.names)
        total, parts = matrix @ self.of_word, np.diff(matrix.indptr)
        if own is not None:
            total, parts = total + own, parts + own.any(axis=1)
        return Side((total / np.maximum(parts, 1)[:, None]).astype(np.float32), self.names, self.of_word)


class Hybrid:
    """Scalar products and biases, of sums over own identity and words."""

    def __init__(self, factors: int = FACTORS, epochs: int = EPOCHS) -> None:
        self.factors, self.epochs = factors, epochs
        self.words = WordTaste()
        none = np.zeros((0, factors + 1), np.float32)
        self.clients = self.items = Side(none, {}, none)
        self.fold = np.zeros((factors + 2, factors + 1), np.float32)
        """From the mean vector of what a client took, and 1, to a client's own vector."""
        self.listed = Shortlist.over(none, np.zeros(0, np.int64))

    def fit(self, log: Log, seed: int) -> None:
        """One thread: the same seed gives the same vectors."""
        from lightfm import LightFM  # noqa: PLC0415  (slow to import)
        from scipy import sparse  # noqa: PLC0415

        weights = np.exp2(-log.age / HALF_LIFE_DAYS).astype(np.float32)
        shape = (len(log.clients), len(log.items))
        faded = sparse.coo_matrix((weights, (log.client, log.item)), shape).tocsr().tocoo()
        taken = sparse.coo_matrix((np.ones_like(faded.data), (faded.row, faded.col)), shape)
        model = LightFM(no_components=self.factors, loss="warp", random_state=seed, max_sampled=20)
        model.fit(
            taken,
            user_features=_with_own(log.client_words, log.warm),
            item_features=_with_own(log.item_words, log.seen),
            sample_weight=faded,
            epochs=self.epochs,
            num_threads=1,
        )
        clients = np.hstack([model.user_embeddings, model.user_biases[:, None]]).astype(np.float32)
        items = np.hstack([model.item_embeddings, model.item_biases[:, None]]).astype(np.float32)
        own, everything = clients[: shape[0]] * log.warm[:, None], np.arange(shape[1])
        self.clients = _side(log.client_words, clients[shape[0] :]).placed(log.client_words, own)
        self.items = _side(log.item_words, items[shape[1] :]).placed(
            log.item_words, items[: shape[1]] * log.seen[:, None]
        )
        self._learn_fold(log, own)
        self.words.fit(log, seed)
        self.listed = Shortlist.over(self.items.vectors, front({"words": self._popular(everything)}, ["words"]))

    def scores(self, asked: Asked, items: Ints) -> Singles:
        """Shape (t, len(items))."""
        clients = self.clients.vectors[asked.client].copy()
        clients[:, -1] = 1.0  # beside the bias of each item
        factored = dots(clients, self.items.vectors, items)
        return np.asarray(np.float32(FACTORED) * factored + self.words.scores(asked, items), np.float32)

    def shortlist(self, asked: Asked) -> Ints:
        """Items worth scoring for these targets: their words are popular, or their vectors lie near."""
        clients = self.clients.vectors[asked.client].copy()
        clients[:, -1] = 1.0  # beside the bias of each item
        return self.listed.of(clients)

    def state(self) -> State:
        """Vectors of clients and items, and of their words."""
        sides = {"clients": self.clients, "items": self.items}
        found = {f"{key}-{part}": getattr(side, part) for key, side in sides.items() for part in ("vectors", "of_word")}
        names = {f"{key}-names": [*side.names] for key, side in sides.items()}
        parts = {"w": self.words.state(), "l": self.listed.state()}
        inner = {f"{part}-{name}": value for part, of in parts.items() for name, value in of.items()}
        return found | names | inner | {"fold": self.fold}

    def restore(self, state: State) -> None:
        """See `state`."""
        self.clients, self.items, self.fold = _restored(state, "clients"), _restored(state, "items"), state["fold"]
        self.words.restore(part_of(state, "w"))
        self.listed = Shortlist.restored(part_of(state, "l"))

    def met(self, people: Log) -> Self:
        """Their own vectors are what clients who took the like had."""
        mine = copy(self)
        mine.clients = self.clients.placed(people.client_words, self._folded(people))
        mine.words = self.words.met(people)
        return mine

    def widen(self, words: FeatureMatrix) -> None:
        """They are placed by their words."""
        more = self.items.placed(words)
        self.items = Side(np.vstack([self.items.vectors, more.vectors]), more.names, more.of_word)
        self.words.widen(words)
        since = np.arange(len(self.items.vectors) - len(words), len(self.items.vectors))
        self.listed = self.listed.widened(np.argsort(-self._popular(since)[NONE], kind="stable"))

    def _popular(self, items: Ints) -> Singles:
        """How popular the words of items are in each context, (contexts + 1, n)."""
        contexts = np.arange(len(self.words.trend))
        return self.words.trends(Asked(0 * contexts, contexts), items)

    def _learn_fold(self, log: Log, own: Singles) -> None:
        rows = self._means(log)[log.warm].astype(np.float64)
        gram = rows.T @ rows + FOLD_RIDGE * np.eye(rows.shape[1])
        self.fold = np.linalg.solve(gram, rows.T @ own[log.warm]).astype(np.float32)

    def _folded(self, people: Log) -> Singles:
        return np.asarray(self._means(people) @ self.fold * people.warm[:, None], np.float32)

    def _means(self, log: Log) -> Singles:
        """The mean vector of what each client took, and 1."""
        many = np.maximum(np.diff(log.taken.indptr), 1)[:, None]
        return np.hstack([log.taken @ self.items.vectors / many, np.ones((len(log.clients), 1))]).astype(np.float32)


def _with_own(words: FeatureMatrix, known: Any) -> Any:
    """Own identity, where there is anything to learn it from, beside the words; rows sum to 1."""
    from scipy import sparse  # noqa: PLC0415

    both = sparse.hstack([sparse.diags(known.astype(np.float32)), words.matrix()]).tocsr()
    parts = np.maximum(np.asarray(both.sum(axis=1)).ravel(), 1.0)
    return (sparse.diags((1.0 / parts).astype(np.float32)) @ both).tocsr().astype(np.float32)


def _side(words: FeatureMatrix, of_word: Singles) -> Side:
    return Side(of_word[:0], {name: place for place, name in enumerate(words.names)}, of_word)


def _restored(state: State, side: str) -> Side:
    names = {name: place for place, name in enumerate(state[f"{side}-names"])}
    return Side(state[f"{side}-vectors"], names, state[f"{side}-of_word"])
