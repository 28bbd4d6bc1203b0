"""The design matrix: every row as a few columns for the client, the item, the size and their pairs.

It uses no verdict on fit. What it knows of other rows of a client or an item (the sizes they usually take, how often it
was tried) leaves a training row itself out, so that in training a row looks the same as a new one will.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from algorithms.fit import sides
from algorithms.fit.names import Names
from algorithms.fit.rows import Column, Rows
from algorithms.fit.sides import Cells, Side, Tents
from algorithms.fit.wear import Wear, look_up
from domain.arrays import Floats, Ints

BLOCKS: Final = ("always", "sides", "offset", "tries", "size", "category_size", "item", "item_size", "client")
"""Groups of columns; those of one group share a ridge penalty."""


@dataclass(frozen=True, slots=True)
class FitDesign:
    """The layout of the design matrix, as learnt from rows; `tries` (items,): how often each item was tried."""

    names: Names
    sides: tuple[Side, ...]
    wear: Wear
    tries: Floats
    tries_tents: Tents

    @classmethod
    def build(cls, rows: Rows) -> FitDesign:
        """Build the design from training rows."""
        names = Names.build(rows)
        at = names.find_indices(rows)
        columns = tuple(side for name, column in rows.further.items() if (side := sides.build_side(name, column)))
        wear = Wear.build(rows, names, at, _encode_sides(columns, rows), sum(side.width for side in columns))
        tries = np.bincount(at.item, minlength=len(names.items)).astype(np.float64)
        return cls(names, columns, wear, tries, Tents.place_knots(np.log1p(tries[at.item] - 1)))

    @property
    def widths(self) -> tuple[int, ...]:
        """Columns of each of BLOCKS."""
        side = sum(side.width for side in self.sides)
        levels = (
            self.names.sizes,
            self.names.category_sizes,
            self.names.items,
            self.names.item_sizes,
            self.names.clients,
        )
        return (1, side, self.wear.width, len(self.tries_tents.knots), *(len(level) for level in levels))

    def encode(self, rows: Rows, *, own: bool = False) -> Cells:
        """Encode rows as columns of the design. `own`: they are the training rows."""
        at, side = self.names.find_indices(rows), _encode_sides(self.sides, rows)
        parts = [
            _encode_single(np.zeros(len(rows), np.int64)),
            side,
            self.wear.encode(rows, self.names, at, side, own),
            self.tries_tents.encode(np.log1p(look_up(self.tries, at.item) - own)),
            *(_encode_single(indices) for indices in (at.size, at.category_size, at.item, at.item_size, at.client)),
        ]
        return join_cells(parts, self.widths)


def join_cells(parts: Sequence[Cells], widths: Sequence[int]) -> Cells:
    """Join designs side by side; `widths`: how many columns each has."""
    starts = np.cumsum([0, *widths[:-1]])
    columns = [np.where(part.column < 0, -1, part.column + start) for part, start in zip(parts, starts, strict=True)]
    return Cells(np.concatenate(columns, axis=1), np.concatenate([part.weight for part in parts], axis=1))


def _encode_sides(columns: Sequence[Side], rows: Rows) -> Cells:
    """Encode the side columns; one that the rows do not have is empty in all of them."""
    none = Column((), np.full(len(rows), -1))
    parts = [side.encode(rows.further.get(side.name, none)) for side in columns]
    return join_cells(parts, [side.width for side in columns]) if parts else _encode_single(np.full(len(rows), -1))


def _encode_single(indices: Ints) -> Cells:
    return Cells(indices[:, None], (indices[:, None] >= 0).astype(np.float64))
