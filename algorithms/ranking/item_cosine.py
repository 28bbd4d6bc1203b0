"""`cosine`: items taken by the same clients are alike, and suit whoever took what is like them (Sarwar et al. 2001)."""

from __future__ import annotations

from copy import copy
from typing import Any, Final, Self

import numpy as np

from algorithms.ranking.data import Asked, FeatureMatrix, Log, Singles, State, grown, product
from domain.arrays import Ints

NEIGHBOURS: Final = 200
"""Only the most alike are kept of each item, so that memory grows with the items and not with their square."""
BLOCK: Final = 1_000


class ItemCosine:
    """The sum of cosines to the client's own items. Zeros for a client without any."""

    def __init__(self) -> None:
        self.likeness: Any = None
        self.taken: Any = None

    def fit(self, log: Log, seed: int) -> None:
        """Count who shares what; `seed` changes nothing."""
        from scipy import sparse  # noqa: PLC0415

        self.taken = log.taken
        length = np.sqrt(np.maximum(np.asarray(self.taken.sum(axis=0)).ravel(), 1.0))
        unit = (self.taken @ sparse.diags((1.0 / length).astype(np.float32))).tocsc()
        rows = unit.T.tocsr()
        blocks = [nearest((rows[b : b + BLOCK] @ unit).tocsr(), b) for b in range(0, unit.shape[1], BLOCK)]
        self.likeness = sparse.vstack(blocks).tocsr()

    def scores(self, asked: Asked, items: Ints) -> Singles:
        """Shape (t, len(items))."""
        return product(self.taken[asked.client], self.likeness, items)

    def state(self) -> State:
        """Who took what, and what is like what."""
        return {"taken": self.taken, "likeness": self.likeness}

    def restore(self, state: State) -> None:
        """See `state`."""
        self.taken, self.likeness = state["taken"], state["likeness"]

    def met(self, people: Log) -> Self:
        """By what they took."""
        mine = copy(self)
        mine.taken = people.taken
        return mine

    def widen(self, words: FeatureMatrix) -> None:
        """Words say nothing here."""
        self.likeness = grown(self.likeness, len(words), len(words))


def nearest(rows: Any, first: int) -> Any:
    """Of each row of likenesses (items `first` on) its NEIGHBOURS largest, itself left out."""
    from scipy import sparse  # noqa: PLC0415

    own = np.repeat(np.arange(first, first + rows.shape[0]), np.diff(rows.indptr))
    rows.data[rows.indices == own] = 0.0
    row = own - first
    order = np.lexsort((-rows.data, row))
    rank = np.arange(len(order)) - rows.indptr[row[order]]
    kept = order[(rank < NEIGHBOURS) & (rows.data[order] > 0)]
    return sparse.csr_matrix((rows.data[kept], (row[kept], rows.indices[kept])), rows.shape)
