"""`hybrid`: factorisation of who touched what, with the words of items and clients as side information (LightFM, WARP;
Kula 2015). Training uses the library; serving is a scalar product of our own, over arrays mapped from disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Final, Self

import numpy as np
import orjson
from numpy.typing import NDArray

from algorithms.catalogue import Catalogue
from algorithms.features import client_words, item_words
from domain.arrays import Flags, Floats, Ints
from domain.engagement import DAY
from domain.histories import ClientSignals, Interactions

Singles = NDArray[np.float32]

FACTORS: Final = 32
EPOCHS: Final = 20
HALF_LIFE_DAYS: Final = 60.0
"""An old liking teaches less than a new one."""
ARRAYS: Final = ("ids", "own", "own_bias", "words", "word_bias")


class Side:
    """Vectors of one side, clients or items: each own vector (by id, sorted) and one for each word."""

    def __init__(self, arrays: dict[str, NDArray[Any]], words: Sequence[str]) -> None:
        self.arrays = arrays
        self.words = {word: place for place, word in enumerate(words)}

    def vector(self, key: str, words: Sequence[str]) -> tuple[Singles, float] | None:
        """Vector and bias of one; None: nothing is known of it."""
        vectors, biases, known = self.matrix([key], [words])
        return (vectors[0], float(biases[0])) if known[0] else None

    def matrix(self, keys: Sequence[str], words: Sequence[Sequence[str]]) -> tuple[Singles, Singles, Flags]:
        """Vectors (n, factors), biases (n,), each the mean over the parts that are known, as in training; and whether
        anything is known (n,)."""
        ids, n = self.arrays["ids"], len(keys)
        wanted = np.array([key.encode() for key in keys], ids.dtype)
        near = np.minimum(np.searchsorted(ids, wanted), max(len(ids) - 1, 0))
        own = np.flatnonzero(ids[near] == wanted) if len(ids) else np.zeros(0, np.int64)
        rows, columns = _pairs([[self.words[word] for word in mine if word in self.words] for mine in words])
        vectors, biases = np.zeros((n, self.arrays["own"].shape[1]), np.float32), np.zeros(n, np.float32)
        np.add.at(vectors, rows, self.arrays["words"][columns])
        np.add.at(biases, rows, self.arrays["word_bias"][columns])
        vectors[own] += self.arrays["own"][near[own]]
        biases[own] += self.arrays["own_bias"][near[own]]
        parts = np.bincount(rows, minlength=n) + np.bincount(own, minlength=n)
        share = (1 / np.maximum(parts, 1)).astype(np.float32)
        return vectors * share[:, None], biases * share, parts > 0

    def save(self, folder: Path) -> None:
        folder.mkdir()
        for name in ARRAYS:
            np.save(folder / f"{name}.npy", self.arrays[name])
        (folder / "words.json").write_bytes(orjson.dumps(list(self.words)))

    @classmethod
    def load(cls, folder: Path) -> Self:
        arrays = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in ARRAYS}
        return cls(arrays, orjson.loads((folder / "words.json").read_bytes()))


class Hybrid:
    """Scores fall by e for each standard deviation below the best. Even steps by rank would leave the best hardly above
    the next hundred, and any other part of a blend would then decide among them; measured in docs/algorithms.md."""

    name: ClassVar[str] = "hybrid"

    def __init__(self, epochs: int = EPOCHS, factors: int = FACTORS) -> None:
        self.epochs, self.factors = epochs, factors
        self.clients: Side | None = None
        self.vectors: Singles = np.zeros((0, factors), np.float32)
        self.biases: Singles = np.zeros(0, np.float32)
        self.placed: Flags = np.zeros(0, np.bool_)
        self.items: Side | None = None

    def fit(
        self, interactions: Interactions, catalogue: Catalogue, clients: dict[str, ClientSignals], seed: int
    ) -> None:
        """Learn from the likings among the touches, on one thread, so that the same seed gives the same model."""
        from lightfm import LightFM  # noqa: PLC0415  (slow to import, and serving does without it)

        taught, weights = _taught(interactions, catalogue)
        known = [clients.get(each) or ClientSignals(each) for each in interactions.clients]
        client_side, client_features = _features([client_words(c) for c in known])
        item_side, item_features = _features([item_words(i) for i in catalogue.items])
        model = LightFM(no_components=self.factors, loss="warp", random_state=seed, max_sampled=20)
        model.fit(
            taught,
            user_features=client_features,
            item_features=item_features,
            sample_weight=weights,
            epochs=self.epochs,
            num_threads=1,
        )
        self.clients = _side(interactions.clients, client_side, model.user_embeddings, model.user_biases)
        ids = tuple(item.item_id for item in catalogue.items)
        self.items = _side(ids, item_side, model.item_embeddings, model.item_biases)
        self._place(self.items, catalogue)

    def scores(self, client: ClientSignals, candidates: Ints, now: float) -> Floats:
        """1 for the best candidate; zeros for a client of whom nothing is known."""
        known = self.clients.vector(client.client_id, client_words(client)) if self.clients else None
        placed = self.placed[candidates]
        if known is None or not placed.any():
            return np.zeros(len(candidates))
        raw = (self.vectors @ known[0] + self.biases)[candidates].astype(np.float64)
        raw[~placed] = raw[placed].min()
        return np.asarray(np.exp((raw - raw.max()) / max(float(raw.std()), 1e-9)), np.float64)

    def save(self, folder: Path, catalogue: Catalogue) -> None:
        """A folder of arrays a side."""
        if self.clients is None or self.items is None:
            raise ValueError("a model that has learnt nothing cannot be saved")
        self.clients.save(folder / "clients")
        self.items.save(folder / "items")

    @classmethod
    def load(cls, folder: Path, catalogue: Catalogue) -> Self:
        """An item that came since is placed by its words."""
        model = cls()
        model.clients, model.items = Side.load(folder / "clients"), Side.load(folder / "items")
        model.factors = model.items.arrays["own"].shape[1]
        model._place(model.items, catalogue)
        return model

    def _place(self, side: Side, catalogue: Catalogue) -> None:
        """Work out the vectors of all items of this catalogue; one of which nothing is known ranks with the last."""
        ids = [item.item_id for item in catalogue.items]
        self.vectors, self.biases, self.placed = side.matrix(ids, [item_words(item) for item in catalogue.items])


def _pairs(lists: Sequence[Sequence[int]]) -> tuple[Ints, Ints]:
    """(row, value) of every value of some lists."""
    rows = np.repeat(np.arange(len(lists)), [len(values) for values in lists])
    return rows, np.array([value for values in lists for value in values], np.int64)


def _taught(interactions: Interactions, catalogue: Catalogue) -> tuple[Any, Any]:
    """One cell for each client and item that they like on balance; and its weight, faded."""
    from scipy import sparse  # noqa: PLC0415

    place = catalogue.aligned(interactions.items)[interactions.item]
    age = (float(interactions.at.max(initial=0.0)) - interactions.at) / DAY
    faded = interactions.weight * np.exp2(-age / HALF_LIFE_DAYS)
    inside = place >= 0
    shape = (len(interactions.clients), len(catalogue))
    liking = sparse.coo_matrix((faded[inside], (interactions.client[inside], place[inside])), shape).tocsr().tocoo()
    liked = liking.data > 0
    cells = (liking.row[liked].astype(np.int32), liking.col[liked].astype(np.int32))
    weights = sparse.coo_matrix((liking.data[liked].astype(np.float32), cells), shape)
    return sparse.coo_matrix((np.ones(int(liked.sum()), np.float32), cells), shape), weights


def _features(described: Sequence[tuple[str, ...]]) -> tuple[list[str], Any]:
    """Words in order, and the matrix (n, n + words) of own identity and words, each row with sum 1."""
    from scipy import sparse  # noqa: PLC0415

    words: dict[str, int] = {}
    of_row = [[words.setdefault(word, len(words)) for word in mine] for mine in described]
    n = len(of_row)
    rows = np.repeat(np.arange(n), [len(mine) + 1 for mine in of_row])
    columns = np.array([c for place, mine in enumerate(of_row) for c in (place, *(n + w for w in mine))], np.int64)
    share = np.repeat([1.0 / (len(mine) + 1) for mine in of_row], [len(mine) + 1 for mine in of_row])
    matrix = sparse.csr_matrix((share.astype(np.float32), (rows, columns)), (n, n + len(words)))
    return list(words), matrix


def _side(ids: tuple[str, ...], words: list[str], vectors: Singles, biases: Singles) -> Side:
    """Sort the own vectors by id, so that one is found without a table of all ids in memory."""
    keys = np.array([each.encode() for each in ids], "S64")
    order = np.argsort(keys)
    n = len(ids)
    arrays = {
        "ids": keys[order],
        "own": vectors[:n][order].astype(np.float32),
        "own_bias": biases[:n][order].astype(np.float32),
        "words": vectors[n:].astype(np.float32),
        "word_bias": biases[n:].astype(np.float32),
    }
    return Side(arrays, words)
