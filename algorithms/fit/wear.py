"""How far a size lies above what a client wears: first by their body, then by the sizes that they took before.

The body's size is a ridge regression of the place of the size taken on the further columns; what a client took beyond
that, on the mean, is theirs. No verdict on any fit goes in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import sparse

from algorithms.fit.names import Names, Places
from algorithms.fit.rows import Rows
from algorithms.fit.sides import Cells, Tents
from algorithms.fit.sizes import Scale
from domain.arrays import Floats, Ints

HISTORY: Final = (0, 1, 3)
"""How many other sizes of a client are known, from which the offset counts on its own."""
OFFSET_PRIOR: Final = 0.5
"""The size that a body suggests counts as so many sizes worn; measured in docs/fit.md."""
RIDGE: Final = 3.0


@dataclass(frozen=True, slots=True)
class Wear:
    """`body` (side columns + 1,): the regression, the last its level. Of each client (clients,): the sum of the places
    taken above what the body suggests, and how many."""

    scale: Scale
    body: Floats
    total: Floats
    count: Floats
    tents: Tents

    @property
    def width(self) -> int:
        """Columns of the design."""
        return len(HISTORY) * len(self.tents.knots)

    @classmethod
    def learnt(cls, rows: Rows, names: Names, at: Places, side: Cells, width: int) -> Wear:
        """From rows and their side columns, of which there are `width`."""
        scale = Scale.learnt(names.sizes.names.tolist(), names.categories.names.tolist(), at.size, at.category)
        taken = _taken(scale, rows, names, at)
        above = taken - _suggested(body := _regressed(side, width, taken), side)
        total, count = (_summed(by, at.client, len(names.clients)) for by in (above, np.ones(len(above))))
        beyond = above - (total[at.client] - above) / (count[at.client] - 1 + OFFSET_PRIOR)
        return cls(scale, body, total, count, Tents.at(beyond))

    def cells(self, rows: Rows, names: Names, at: Places, side: Cells, own: bool) -> Cells:
        """Tents of the offset, apart by how much is known of the client. `own`: the rows that this was learnt from."""
        above = _taken(self.scale, rows, names, at) - _suggested(self.body, side)
        known = known_of(self.count, at.client) - own
        usual = (known_of(self.total, at.client) - own * above) / (known + OFFSET_PRIOR)
        found = self.tents.cells(above - usual)
        group = np.searchsorted(HISTORY, known, side="right") - 1
        shift = group[:, None] * len(self.tents.knots)
        return Cells(np.where(found.column >= 0, found.column + shift, -1), found.weight)


def known_of(values: Floats, places: Ints) -> Floats:
    """The value at each place, 0 at -1."""
    return np.where(places >= 0, values[np.maximum(places, 0)], 0.0) if len(values) else np.zeros(len(places))


def _summed(values: Floats, places: Ints, count: int) -> Floats:
    return np.bincount(places, values, count).astype(np.float64)


def _taken(scale: Scale, rows: Rows, names: Names, at: Places) -> Floats:
    """The place of each row's size on its scale."""
    pairs, row = np.unique(np.stack([rows.size.code, at.category], 1), axis=0, return_inverse=True)
    kinds = names.categories.names
    return scale.places(
        [rows.size.values[size] for size in pairs[:, 0].tolist()],
        [str(kinds[kind]) if kind >= 0 else "" for kind in pairs[:, 1].tolist()],
    )[row]


def _regressed(side: Cells, width: int, taken: Floats) -> Floats:
    n = len(taken)
    if not n:
        return np.zeros(width + 1)
    some = side.column >= 0
    rows = np.nonzero(some)[0]
    design = sparse.csr_matrix((side.weight[some], (rows, side.column[some])), (n, width))
    design = sparse.hstack([design, np.ones((n, 1))]).tocsr()
    held = np.diag([*[RIDGE] * width, 1e-6])
    return np.asarray(np.linalg.solve((design.T @ design).toarray() + held, design.T @ taken))


def _suggested(body: Floats, side: Cells) -> Floats:
    """The place that each row's body suggests."""
    return np.asarray((body[np.maximum(side.column, 0)] * side.weight).sum(axis=1) + body[-1])
