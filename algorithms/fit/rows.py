"""Rows of a file or a store as columns of codes into distinct values, so that a repeated value is parsed once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from algorithms.fit.sizes import normalise_size
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
        """Build the column from cells; None is an empty one."""
        known: dict[Any, int] = {None: -1}
        code = [known.setdefault(cell, len(known) - 1) for cell in cells]
        return cls(tuple(known)[1:], np.array(code, np.int64))

    def select(self, rows: Flags | Ints) -> Column:
        """Select some of the cells, with the values that occur in them."""
        known, code = np.unique(np.append(self.code[rows], -1), return_inverse=True)
        return Column(tuple(self.values[index] for index in known[1:].tolist()), code[:-1] - 1)

    def expand(self, by_value: NDArray[Any], empty: float) -> NDArray[Any]:
        """Expand `by_value` (one row for each distinct value) to one row for each cell; `empty` for empty cells."""
        nothing = np.full((1, *by_value.shape[1:]), empty, by_value.dtype)
        return np.concatenate([by_value, nothing])[self.code]


@dataclass(frozen=True, slots=True)
class Rows:
    """n garments tried, or to be tried: client, item, size, and further columns that describe any of them."""

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
        """Build the rows from cells; sizes that mean the same become one."""
        return cls(
            Column.of(clients),
            Column.of(items),
            normalise_sizes(Column.of(sizes)),
            {CATEGORY: Column.of(category or None for category in categories)},
        )

    def select(self, rows: Flags | Ints) -> Rows:
        """Select some of the rows."""
        further = {name: column.select(rows) for name, column in self.further.items()}
        return Rows(self.client.select(rows), self.item.select(rows), self.size.select(rows), further)

    def keep_columns(self, names: Iterable[str]) -> Rows:
        """Keep only these of the further columns."""
        return Rows(self.client, self.item, self.size, {name: self.further[name] for name in names})


def normalise_sizes(column: Column) -> Column:
    """Normalise sizes, so that spellings of one size become one value; an empty cell is the size ""."""
    written = Column.of([normalise_size(str(value)) for value in column.values] + [""])
    return Column(written.values, written.code[column.code])


@dataclass(frozen=True, slots=True)
class Feedback:
    """Clients' verdicts: `fit` (n,) is SMALL, FIT or LARGE; `day` (n,) counts from 1970, None where it is unknown."""

    rows: Rows
    fit: Ints
    day: Ints | None = None

    def __len__(self) -> int:
        return len(self.fit)

    def select(self, rows: Flags | Ints) -> Feedback:
        """Select some of the rows."""
        return Feedback(self.rows.select(rows), self.fit[rows], None if self.day is None else self.day[rows])
