"""Rows of a file or a store as columns, each with its distinct values apart: what is written often is read once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from algorithms.fit.sizes import compared
from domain.arrays import Flags, Ints

SMALL, FIT, LARGE = 0, 1, 2
FITS: Final = ("small", "fit", "large")
"""What clients say, in the order of every array of chances."""
CATEGORY: Final = "category"
"""The further column that tells kinds of garment apart."""


@dataclass(frozen=True, slots=True)
class Column:
    """n cells: `code` (n,) points into the distinct `values`; -1 where the cell is empty."""

    values: tuple[Any, ...]
    code: Ints

    @classmethod
    def of(cls, cells: Iterable[Any]) -> Column:
        """From cells, of which None is an empty one."""
        known: dict[Any, int] = {None: -1}
        code = [known.setdefault(cell, len(known) - 1) for cell in cells]
        return cls(tuple(known)[1:], np.array(code, np.int64))

    def part(self, rows: Flags | Ints) -> Column:
        """Some of the cells, with the values that stand in them: what is left out is not known of."""
        kept, code = np.unique(np.append(self.code[rows], -1), return_inverse=True)
        return Column(tuple(self.values[place] for place in kept[1:].tolist()), code[:-1] - 1)

    def spread(self, by_value: NDArray[Any], empty: float) -> NDArray[Any]:
        """One row a cell of what `by_value` (one row a distinct value) says; `empty` for the empty ones."""
        nothing = np.full((1, *by_value.shape[1:]), empty, by_value.dtype)
        return np.concatenate([by_value, nothing])[self.code]


@dataclass(frozen=True, slots=True)
class Rows:
    """n garments tried, or to be tried: who, what, in which size, and any further columns that describe either."""

    client: Column
    item: Column
    size: Column
    further: Mapping[str, Column] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.client.code)

    @classmethod
    def of(
        cls, clients: Iterable[str], items: Iterable[str], sizes: Iterable[str], categories: Iterable[str | None]
    ) -> Rows:
        """From cells; sizes that mean the same become one."""
        return cls(
            Column.of(clients),
            Column.of(items),
            plain_sizes(Column.of(sizes)),
            {CATEGORY: Column.of(category or None for category in categories)},
        )

    def part(self, rows: Flags | Ints) -> Rows:
        """Some of the rows."""
        further = {name: column.part(rows) for name, column in self.further.items()}
        return Rows(self.client.part(rows), self.item.part(rows), self.size.part(rows), further)

    def only(self, names: Iterable[str]) -> Rows:
        """The same with no other further columns than these."""
        return Rows(self.client, self.item, self.size, {name: self.further[name] for name in names})


def plain_sizes(column: Column) -> Column:
    """Sizes that are written differently and mean the same become one; an empty cell is the size ""."""
    written = Column.of([compared(str(value)) for value in column.values] + [""])
    return Column(written.values, written.code[column.code])


@dataclass(frozen=True, slots=True)
class Feedback:
    """What clients said: `fit` (n,) is SMALL, FIT or LARGE; `day` (n,) counts from 1970, None where none is told."""

    rows: Rows
    fit: Ints
    day: Ints | None = None

    def __len__(self) -> int:
        return len(self.fit)

    def part(self, rows: Flags | Ints) -> Feedback:
        """Some of it."""
        return Feedback(self.rows.part(rows), self.fit[rows], None if self.day is None else self.day[rows])
