"""Candidates by vector search (Faiss): the items whose vectors have the largest scalar products with a client's."""

from __future__ import annotations

from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from algorithms.ranking.data import Singles
from domain.arrays import Ints

EXACT: Final = 50_000
"""Up to so many items each is looked at; above, those in the cells nearest to the client."""
PROBED: Final = 0.06
"""Share of the cells that are looked at: recall is measured in docs/ranking.md."""
TRAINED_ON: Final = 64
"""Items a cell from which cells are learnt, at most."""


class Candidates:
    """An index over item vectors (n, d)."""

    def __init__(self, index: Any) -> None:
        self.index = index

    @classmethod
    def of(cls, items: Singles, exact: int = EXACT) -> Self:
        """Exact up to `exact` items, approximate above."""
        import faiss  # noqa: PLC0415  (slow to import)

        n, d = items.shape
        vectors = np.ascontiguousarray(items, np.float32)
        if n <= exact:
            index: Any = faiss.IndexFlatIP(d)
        else:
            cells = int(4 * np.sqrt(n))
            index = faiss.IndexIVFFlat(faiss.IndexFlatIP(d), d, cells, faiss.METRIC_INNER_PRODUCT)
            index.cp.max_points_per_centroid = TRAINED_ON
            index.cp.spherical = False
            index.train(vectors)
            index.nprobe = max(int(PROBED * cells), 1)
        index.add(vectors)
        return cls(index)

    def nearest(self, clients: Singles, k: int) -> tuple[Ints, Singles]:
        """Places and scalar products of the `k` best items of each client, (t, k); NONE (-1) where fewer are found."""
        products, places = self.index.search(np.ascontiguousarray(clients, np.float32), k)
        return np.asarray(places, np.int64), products

    def state(self) -> NDArray[np.uint8]:
        """The index as bytes."""
        import faiss  # noqa: PLC0415

        return np.asarray(faiss.serialize_index(self.index), np.uint8)

    @classmethod
    def restored(cls, state: NDArray[np.uint8]) -> Self:
        """From what `state` gave."""
        import faiss  # noqa: PLC0415

        return cls(faiss.deserialize_index(np.asarray(state)))


def recall(found: Ints, exact: Ints) -> float:
    """Share of the exact lists that was found, both (t, k)."""
    return float(np.mean([len(np.intersect1d(a, b)) / len(b) for a, b in zip(found, exact, strict=True)]))
