"""The offset: how far a size lies above what a client wears, by their body and by the sizes that they took before.

The body's size is a ridge regression of the position of the size taken on the side columns; a client's mean deviation
from it is their own. No verdict on fit is used.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import sparse

from algorithms.fit.names import Names, RowIndices
from algorithms.fit.rows import Rows
from algorithms.fit.sides import Cells, Tents
from algorithms.fit.sizes import SizeScale
from domain.arrays import Floats, Ints

HISTORY: Final = (0, 1, 3)
"""The fewest other sizes known of a client for each group of offset columns."""
OFFSET_PRIOR: Final = 0.5
"""The weight of the body's size, in sizes worn; measured in docs/fit.md."""
RIDGE: Final = 3.0


@dataclass(frozen=True, slots=True)
class Wear:
    """What clients wear.

    `body` (side columns + 1,): the regression, its intercept last. `total` and `count` (clients,): the sum of the
    positions taken above the body's, and how many there are.
    """

    scale: SizeScale
    body: Floats
    total: Floats
    count: Floats
    tents: Tents

    @property
    def width(self) -> int:
        """Columns of the design."""
        return len(HISTORY) * len(self.tents.knots)

    @classmethod
    def build(cls, rows: Rows, names: Names, at: RowIndices, side: Cells, width: int) -> Wear:
        """Build it from rows and their encoded side columns, of which there are `width`."""
        scale = SizeScale.build(names.sizes.names.tolist(), names.categories.names.tolist(), at.size, at.category)
        taken = _find_taken_positions(scale, rows, names, at)
        above = taken - _predict_positions(body := _fit_body(side, width, taken), side)
        total, count = (_sum_by_index(by, at.client, len(names.clients)) for by in (above, np.ones(len(above))))
        beyond = above - (total[at.client] - above) / (count[at.client] - 1 + OFFSET_PRIOR)
        return cls(scale, body, total, count, Tents.place_knots(beyond))

    def encode(self, rows: Rows, names: Names, at: RowIndices, side: Cells, own: bool) -> Cells:
        """Encode the offset as tents, in groups by how much is known of the client. `own`: these are training rows."""
        above = _find_taken_positions(self.scale, rows, names, at) - _predict_positions(self.body, side)
        known = look_up(self.count, at.client) - own
        usual = (look_up(self.total, at.client) - own * above) / (known + OFFSET_PRIOR)
        encoded = self.tents.encode(above - usual)
        group = np.searchsorted(HISTORY, known, side="right") - 1
        shift = group[:, None] * len(self.tents.knots)
        return Cells(np.where(encoded.column >= 0, encoded.column + shift, -1), encoded.weight)


def look_up(values: Floats, indices: Ints) -> Floats:
    """Look up the value at each index, 0 at -1."""
    return np.where(indices >= 0, values[np.maximum(indices, 0)], 0.0) if len(values) else np.zeros(len(indices))


def _sum_by_index(values: Floats, indices: Ints, count: int) -> Floats:
    return np.bincount(indices, values, count).astype(np.float64)


def _find_taken_positions(scale: SizeScale, rows: Rows, names: Names, at: RowIndices) -> Floats:
    """Find the position of each row's size on its scale."""
    pairs, row = np.unique(np.stack([rows.size.code, at.category], 1), axis=0, return_inverse=True)
    kinds = names.categories.names
    return scale.find_positions(
        [rows.size.values[size] for size in pairs[:, 0].tolist()],
        [str(kinds[kind]) if kind >= 0 else "" for kind in pairs[:, 1].tolist()],
    )[row]


def _fit_body(side: Cells, width: int, taken: Floats) -> Floats:
    n = len(taken)
    if not n:
        return np.zeros(width + 1)
    filled = side.column >= 0
    rows = np.nonzero(filled)[0]
    design = sparse.csr_matrix((side.weight[filled], (rows, side.column[filled])), (n, width))
    design = sparse.hstack([design, np.ones((n, 1))]).tocsr()
    penalty = np.diag([*[RIDGE] * width, 1e-6])
    return np.asarray(np.linalg.solve((design.T @ design).toarray() + penalty, design.T @ taken))


def _predict_positions(body: Floats, side: Cells) -> Floats:
    """Predict the position of each row's size from the body."""
    return np.asarray((body[np.maximum(side.column, 0)] * side.weight).sum(axis=1) + body[-1])
