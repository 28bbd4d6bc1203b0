"""Every row as a few columns of one wide design: what is known of the client, the item, the size and how they meet.

Nothing in it looks at what clients said. What it knows of other rows of a client or an item (the sizes they usually
take, how often it was tried) leaves the row itself out where the row is one of those learnt from, so that in training a
row looks the same as a new one will.
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
from algorithms.fit.wear import Wear, known_of
from domain.arrays import Floats, Ints

BLOCKS: Final = ("always", "sides", "offset", "tries", "size", "category_size", "item", "item_size", "client")
"""Groups of columns; those of one group are held at 0 alike."""


@dataclass(frozen=True, slots=True)
class Design:
    """What was learnt about the columns of rows; `tries` (items,): how often each item was tried."""

    names: Names
    sides: tuple[Side, ...]
    wear: Wear
    tries: Floats
    tries_tents: Tents

    @classmethod
    def learnt(cls, rows: Rows) -> Design:
        """The design for these rows and any others."""
        names = Names.learnt(rows)
        at = names.places(rows)
        found = tuple(side for name, column in rows.further.items() if (side := sides.learnt(name, column)))
        wear = Wear.learnt(rows, names, at, _side_cells(found, rows), sum(side.width for side in found))
        tries = np.bincount(at.item, minlength=len(names.items)).astype(np.float64)
        return cls(names, found, wear, tries, Tents.at(np.log1p(tries[at.item] - 1)))

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

    def cells(self, rows: Rows, *, own: bool = False) -> Cells:
        """The columns of each row. `own`: they are the rows that this was learnt from."""
        at, side = self.names.places(rows), _side_cells(self.sides, rows)
        parts = [
            _single(np.zeros(len(rows), np.int64)),
            side,
            self.wear.cells(rows, self.names, at, side, own),
            self.tries_tents.cells(np.log1p(known_of(self.tries, at.item) - own)),
            *(_single(places) for places in (at.size, at.category_size, at.item, at.item_size, at.client)),
        ]
        return joined(parts, self.widths)


def joined(parts: Sequence[Cells], widths: Sequence[int]) -> Cells:
    """Designs side by side, of so many columns each."""
    starts = np.cumsum([0, *widths[:-1]])
    columns = [np.where(part.column < 0, -1, part.column + start) for part, start in zip(parts, starts, strict=True)]
    return Cells(np.concatenate(columns, axis=1), np.concatenate([part.weight for part in parts], axis=1))


def _side_cells(found: Sequence[Side], rows: Rows) -> Cells:
    """Of the side columns; one that the rows do not have is empty in all of them."""
    none = Column((), np.full(len(rows), -1))
    parts = [side.cells(rows.further.get(side.name, none)) for side in found]
    return joined(parts, [side.width for side in found]) if parts else _single(np.full(len(rows), -1))


def _single(places: Ints) -> Cells:
    return Cells(places[:, None], (places[:, None] >= 0).astype(np.float64))
