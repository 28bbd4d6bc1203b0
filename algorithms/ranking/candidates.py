"""Candidates by vector search (Faiss): the items whose vectors have the largest scalar products with a client's."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Self

import numpy as np

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

    def save(self, path: Path) -> None:
        """One file."""
        import faiss  # noqa: PLC0415

        faiss.write_index(self.index, str(path))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Mapped from disk."""
        import faiss  # noqa: PLC0415

        return cls(faiss.read_index(str(path), faiss.IO_FLAG_MMAP))


def recall(found: Ints, exact: Ints) -> float:
    """Share of the exact lists that was found, both (t, k)."""
    return float(np.mean([len(np.intersect1d(a, b)) / len(b) for a, b in zip(found, exact, strict=True)]))
