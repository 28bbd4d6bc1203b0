"""`hybrid`: factorisation of who took what with the words of clients and items (LightFM, WARP; Kula 2015). An item
that nobody took yet is placed by its words, a client who did nothing by theirs."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from algorithms.ranking.data import Asked, Log, Singles, State, Words
from algorithms.ranking.word_taste import WordTaste
from domain.arrays import Ints

FACTORS: Final = 32
EPOCHS: Final = 15
FACTORED: Final = 0.5
"""Of the factorisation beside the words."""
HALF_LIFE_DAYS: Final = 180.0
"""An old liking teaches less than a new one."""


class Hybrid:
    """Scalar products and biases, of sums over own identity and words."""

    def __init__(self, factors: int = FACTORS, epochs: int = EPOCHS) -> None:
        self.factors, self.epochs = factors, epochs
        self.words = WordTaste()
        self.clients = self.items = np.zeros((0, factors + 1), np.float32)
        """The last column is the bias."""

    def fit(self, log: Log, seed: int) -> None:
        """One thread: the same seed gives the same vectors."""
        from lightfm import LightFM  # noqa: PLC0415  (slow to import)
        from scipy import sparse  # noqa: PLC0415

        weights = np.exp2(-log.age / HALF_LIFE_DAYS).astype(np.float32)
        shape = (len(log.clients), len(log.items))
        faded = sparse.coo_matrix((weights, (log.client, log.item)), shape).tocsr().tocoo()
        taken = sparse.coo_matrix((np.ones_like(faded.data), (faded.row, faded.col)), shape)
        client_words, item_words = _with_own(log.client_words, log.warm), _with_own(log.item_words, log.seen)
        model = LightFM(no_components=self.factors, loss="warp", random_state=seed, max_sampled=20)
        model.fit(
            taken,
            user_features=client_words,
            item_features=item_words,
            sample_weight=faded,
            epochs=self.epochs,
            num_threads=1,
        )
        self.clients = _summed(client_words, model.user_embeddings, model.user_biases)
        self.items = _summed(item_words, model.item_embeddings, model.item_biases)
        self.words.fit(log, seed)

    def scores(self, asked: Asked, items: Ints) -> Singles:
        """Shape (t, len(items))."""
        clients, goods = self.clients[asked.client], self.items[items]
        factored = clients[:, :-1] @ goods[:, :-1].T + goods[:, -1]
        return np.asarray(np.float32(FACTORED) * factored + self.words.scores(asked, items), np.float32)

    def state(self) -> State:
        """Vectors of clients and items."""
        return {"clients": self.clients, "items": self.items} | {f"w-{k}": v for k, v in self.words.state().items()}

    def restore(self, state: State) -> None:
        """See `state`."""
        self.clients, self.items = state["clients"], state["items"]
        self.words.restore({key.removeprefix("w-"): value for key, value in state.items() if key.startswith("w-")})


def _with_own(words: Words, known: Any) -> Any:
    """Own identity, where there is anything to learn it from, beside the words; rows sum to 1."""
    from scipy import sparse  # noqa: PLC0415

    both = sparse.hstack([sparse.diags(known.astype(np.float32)), words.matrix()]).tocsr()
    parts = np.maximum(np.asarray(both.sum(axis=1)).ravel(), 1.0)
    return (sparse.diags((1.0 / parts).astype(np.float32)) @ both).tocsr().astype(np.float32)


def _summed(words: Any, vectors: Singles, biases: Singles) -> Singles:
    return np.hstack([words @ vectors, (words @ biases)[:, None]]).astype(np.float32)
