"""Candidates by vector search (Faiss): the items whose vectors have the largest scalar products with a client's
vector."""

from __future__ import annotations

from typing import Any, Final, Self

import numpy as np
from numpy.typing import NDArray

from algorithms.ranking.data import Singles
from domain.arrays import Ints

EXACT: Final = 50_000
"""Up to this many items all are compared; above, those in the cells nearest to the client."""
PROBED: Final = 0.06
"""Share of the cells that are searched: recall is measured in docs/ranking.md."""
TRAINED_ON: Final = 64
"""Most items a cell from which the cells are trained."""


class Candidates:
    """An index over item vectors (n, d)."""

    def __init__(self, index: Any) -> None:
        self.index = index

    @classmethod
    def of(cls, items: Singles, exact: int = EXACT) -> Self:
        """Build the index: exact up to `exact` items, approximate above."""
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
        """Find the `k` best items of each client: indices and scalar products, (t, k); NONE (-1) where fewer are
        found."""
        products, indices = self.index.search(np.ascontiguousarray(clients, np.float32), k)
        return np.asarray(indices, np.int64), products

    def state(self) -> NDArray[np.uint8]:
        """Return the index as bytes."""
        import faiss  # noqa: PLC0415

        return np.asarray(faiss.serialize_index(self.index), np.uint8)

    @classmethod
    def from_state(cls, state: NDArray[np.uint8]) -> Self:
        """Build the index from what `state` returned."""
        import faiss  # noqa: PLC0415

        return cls(faiss.deserialize_index(np.asarray(state)))
