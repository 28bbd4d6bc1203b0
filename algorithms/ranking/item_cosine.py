"""`cosine`: items taken by the same clients are similar, and suit whoever took something similar (Sarwar et al.
2001)."""

from __future__ import annotations

from copy import copy
from typing import Any, Final, Self

import numpy as np

from algorithms.ranking.data import FeatureMatrix, Interactions, Singles, State, Targets, append_empty, multiply_columns
from domain.arrays import Ints

NEIGHBOURS: Final = 200
"""Only this many nearest items are stored of each, so that memory grows with the items and not with their square."""
BLOCK: Final = 1_000


class ItemCosine:
    """The sum of cosines to the client's own items; zeros for a client without any."""

    def __init__(self) -> None:
        self.likeness: Any = None
        self.taken: Any = None

    def fit(self, interactions: Interactions, seed: int) -> None:
        """Count the clients that items share; `seed` changes nothing."""
        from scipy import sparse  # noqa: PLC0415

        self.taken = interactions.taken
        length = np.sqrt(np.maximum(np.asarray(self.taken.sum(axis=0)).ravel(), 1.0))
        unit = (self.taken @ sparse.diags((1.0 / length).astype(np.float32))).tocsc()
        rows = unit.T.tocsr()
        blocks = [keep_nearest((rows[b : b + BLOCK] @ unit).tocsr(), b) for b in range(0, unit.shape[1], BLOCK)]
        self.likeness = sparse.vstack(blocks).tocsr()

    def scores(self, targets: Targets, items: Ints) -> Singles:
        """Score items, shape (t, len(items))."""
        return multiply_columns(self.taken[targets.client], self.likeness, items)

    def state(self) -> State:
        """Return who took what, and the similarities."""
        return {"taken": self.taken, "likeness": self.likeness}

    def restore(self, state: State) -> None:
        """Load what `state` returned."""
        self.taken, self.likeness = state["taken"], state["likeness"]

    def fold_in_users(self, users: Interactions) -> Self:
        """Know the clients by what they took."""
        model = copy(self)
        model.taken = users.taken
        return model

    def add_items(self, words: FeatureMatrix) -> None:
        """Add the items without neighbours: words say nothing here."""
        self.likeness = append_empty(self.likeness, len(words), len(words))


def keep_nearest(rows: Any, first: int) -> Any:
    """Keep the NEIGHBOURS largest similarities of each row (items `first` on), the item itself left out."""
    own = np.repeat(np.arange(first, first + rows.shape[0]), np.diff(rows.indptr))
    rows.data[rows.indices == own] = 0.0
    for row in np.flatnonzero(np.diff(rows.indptr) > NEIGHBOURS).tolist():
        values = rows.data[rows.indptr[row] : rows.indptr[row + 1]]
        values[np.argpartition(-values, NEIGHBOURS)[NEIGHBOURS:]] = 0.0
    rows.eliminate_zeros()
    return rows
