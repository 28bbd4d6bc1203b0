"""`hybrid`: factorisation of who took what with the words of clients and items (LightFM, WARP; Kula 2015). An item that
nobody took yet is placed by its words, a client without a history by theirs."""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass
from typing import Any, Final, Self

import numpy as np

from algorithms.ranking.data import (
    NONE,
    FeatureMatrix,
    Interactions,
    Singles,
    State,
    Targets,
    dot_products,
    select_substate,
)
from algorithms.ranking.shortlist import Shortlist, select_front
from algorithms.ranking.word_preferences import WordPreferences
from domain.arrays import Ints

FACTORS: Final = 32
EPOCHS: Final = 15
FACTORED: Final = 0.5
"""Weight of the factorisation beside the words."""
HALF_LIFE_DAYS: Final = 180.0
"""An old interaction weighs less than a new one."""
FOLD_RIDGE: Final = 1.0


@dataclass(frozen=True)
class Side:
    """Vectors of clients or items (n, factors + 1), each the mean of its own vector and its words'; the last column is
    the bias."""

    vectors: Singles
    names: dict[str, int]
    of_word: Singles
    """The vector of each word in `names`."""

    def embed(self, words: FeatureMatrix, own: Singles | None = None) -> Side:
        """Return the side for things described by `words`, with their own vectors where there are any."""
        matrix = words.within(self.names)
        total, parts = matrix @ self.of_word, np.diff(matrix.indptr)
        if own is not None:
            total, parts = total + own, parts + own.any(axis=1)
        return Side((total / np.maximum(parts, 1)[:, None]).astype(np.float32), self.names, self.of_word)


class Hybrid:
    """Scalar products and biases, of means over own vectors and words."""

    def __init__(self, factors: int = FACTORS, epochs: int = EPOCHS) -> None:
        self.factors, self.epochs = factors, epochs
        self.words = WordPreferences()
        none = np.zeros((0, factors + 1), np.float32)
        self.clients = self.items = Side(none, {}, none)
        self.fold = np.zeros((factors + 2, factors + 1), np.float32)
        """A matrix from the mean vector of what a client took, and 1, to a client's own vector."""
        self.shortlist_index = Shortlist.build(none, np.zeros(0, np.int64))

    def fit(self, interactions: Interactions, seed: int) -> None:
        """Fit on one thread: the same seed gives the same vectors."""
        from lightfm import LightFM  # noqa: PLC0415  (slow to import)
        from scipy import sparse  # noqa: PLC0415

        weights = np.exp2(-interactions.age / HALF_LIFE_DAYS).astype(np.float32)
        shape = (len(interactions.clients), len(interactions.items))
        faded = sparse.coo_matrix((weights, (interactions.client, interactions.item)), shape).tocsr().tocoo()
        taken = sparse.coo_matrix((np.ones_like(faded.data), (faded.row, faded.col)), shape)
        model = LightFM(no_components=self.factors, loss="warp", random_state=seed, max_sampled=20)
        model.fit(
            taken,
            user_features=_with_own(interactions.client_words, interactions.warm),
            item_features=_with_own(interactions.item_words, interactions.seen),
            sample_weight=faded,
            epochs=self.epochs,
            num_threads=1,
        )
        clients = np.hstack([model.user_embeddings, model.user_biases[:, None]]).astype(np.float32)
        items = np.hstack([model.item_embeddings, model.item_biases[:, None]]).astype(np.float32)
        own, everything = clients[: shape[0]] * interactions.warm[:, None], np.arange(shape[1])
        self.clients = _side(interactions.client_words, clients[shape[0] :]).embed(interactions.client_words, own)
        self.items = _side(interactions.item_words, items[shape[1] :]).embed(
            interactions.item_words, items[: shape[1]] * interactions.seen[:, None]
        )
        self._fit_fold_in(interactions, own)
        self.words.fit(interactions, seed)
        self.shortlist_index = Shortlist.build(
            self.items.vectors, select_front({"words": self._score_words(everything)}, ["words"])
        )

    def scores(self, targets: Targets, items: Ints) -> Singles:
        """Score items, shape (t, len(items))."""
        clients = self.clients.vectors[targets.client].copy()
        clients[:, -1] = 1.0  # beside the bias of each item
        factored = dot_products(clients, self.items.vectors, items)
        return np.asarray(np.float32(FACTORED) * factored + self.words.scores(targets, items), np.float32)

    def shortlist(self, targets: Targets) -> Ints:
        """Select the items worth scoring for these targets: their words are popular, or their vectors lie near."""
        clients = self.clients.vectors[targets.client].copy()
        clients[:, -1] = 1.0  # beside the bias of each item
        return self.shortlist_index.of(clients)

    def state(self) -> State:
        """Return the vectors of clients and items, and of their words."""
        sides = {"clients": self.clients, "items": self.items}
        vectors = {
            f"{key}-{part}": getattr(side, part) for key, side in sides.items() for part in ("vectors", "of_word")
        }
        names = {f"{key}-names": [*side.names] for key, side in sides.items()}
        parts = {"w": self.words.state(), "l": self.shortlist_index.state()}
        inner = {f"{part}-{name}": value for part, of in parts.items() for name, value in of.items()}
        return vectors | names | inner | {"fold": self.fold}

    def restore(self, state: State) -> None:
        """Load what `state` returned."""
        self.clients, self.items, self.fold = _load_side(state, "clients"), _load_side(state, "items"), state["fold"]
        self.words.restore(select_substate(state, "w"))
        self.shortlist_index = Shortlist.from_state(select_substate(state, "l"))

    def fold_in_users(self, users: Interactions) -> Self:
        """Give each client the vector that clients who took similar items had."""
        model = copy(self)
        model.clients = self.clients.embed(users.client_words, self._fold_in(users))
        model.words = self.words.fold_in_users(users)
        return model

    def add_items(self, words: FeatureMatrix) -> None:
        """Place the items by their words."""
        more = self.items.embed(words)
        self.items = Side(np.vstack([self.items.vectors, more.vectors]), more.names, more.of_word)
        self.words.add_items(words)
        since = np.arange(len(self.items.vectors) - len(words), len(self.items.vectors))
        self.shortlist_index = self.shortlist_index.with_items(
            np.argsort(-self._score_words(since)[NONE], kind="stable")
        )

    def _score_words(self, items: Ints) -> Singles:
        """Score how popular the words of items are in each context, (contexts + 1, n)."""
        contexts = np.arange(len(self.words.trend))
        return self.words.trends(Targets(0 * contexts, contexts), items)

    def _fit_fold_in(self, interactions: Interactions, own: Singles) -> None:
        rows = self._average_vectors(interactions)[interactions.warm].astype(np.float64)
        gram = rows.T @ rows + FOLD_RIDGE * np.eye(rows.shape[1])
        self.fold = np.linalg.solve(gram, rows.T @ own[interactions.warm]).astype(np.float32)

    def _fold_in(self, users: Interactions) -> Singles:
        return np.asarray(self._average_vectors(users) @ self.fold * users.warm[:, None], np.float32)

    def _average_vectors(self, interactions: Interactions) -> Singles:
        """Average the vectors of what each client took, and append 1."""
        many = np.maximum(np.diff(interactions.taken.indptr), 1)[:, None]
        return np.hstack(
            [interactions.taken @ self.items.vectors / many, np.ones((len(interactions.clients), 1))]
        ).astype(np.float32)


def _with_own(words: FeatureMatrix, known: Any) -> Any:
    """Put each thing's own identity, where there is anything to learn it from, beside its words; rows sum to 1."""
    from scipy import sparse  # noqa: PLC0415

    both = sparse.hstack([sparse.diags(known.astype(np.float32)), words.matrix()]).tocsr()
    parts = np.maximum(np.asarray(both.sum(axis=1)).ravel(), 1.0)
    return (sparse.diags((1.0 / parts).astype(np.float32)) @ both).tocsr().astype(np.float32)


def _side(words: FeatureMatrix, of_word: Singles) -> Side:
    return Side(of_word[:0], {name: index for index, name in enumerate(words.names)}, of_word)


def _load_side(state: State, side: str) -> Side:
    names = {name: index for index, name in enumerate(state[f"{side}-names"])}
    return Side(state[f"{side}-vectors"], names, state[f"{side}-of_word"])
