"""Names of clients, items, sizes and their pairs, each with an index; the index of an unknown name is -1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.fit.rows import CATEGORY, Column, Rows
from domain.arrays import Ints

TWICE: Final = 2
"""How often an item must be tried in a size for the pair to get a level of its own."""


@dataclass(frozen=True, slots=True)
class Levels:
    """Distinct names (bytes, text or numbers), sorted."""

    names: NDArray[Any]

    def __len__(self) -> int:
        return len(self.names)

    def find_indices(self, wanted: NDArray[Any]) -> Ints:
        """Find the index of each name, -1 of the unknown."""
        if not len(self.names) or not len(wanted):
            return np.full(len(wanted), -1, np.int64)
        near = np.minimum(np.searchsorted(self.names, wanted), len(self.names) - 1)
        return np.where(self.names[near] == wanted, near, -1)

    def index_cells(self, column: Column) -> Ints:
        """Find the index of each cell, -1 of what is unknown or empty."""
        return column.expand(self.find_indices(_to_array(column.values, self.names.dtype.kind)), -1)


class RowIndices(NamedTuple):
    """The indices of the names in n rows, each of shape (n,)."""

    size: Ints
    category_size: Ints
    item: Ints
    item_size: Ints
    client: Ints
    category: Ints


@dataclass(frozen=True, slots=True)
class Names:
    """All names that are known. A pair is a number: the first's index times the count of sizes, plus the size's."""

    clients: Levels
    items: Levels
    sizes: Levels
    categories: Levels
    category_sizes: Levels
    item_sizes: Levels

    @classmethod
    def build(cls, rows: Rows) -> Names:
        """Build the names from rows; item and size are a pair where they occur together more than once."""
        category = rows.further.get(CATEGORY)
        clients, items = (Levels(np.unique(_to_array(column.values, "S"))) for column in (rows.client, rows.item))
        sizes = Levels(np.unique(_to_array(rows.size.values, "U")))
        categories = Levels(np.unique(_to_array(("", *(category.values if category else ())), "U")))
        none = Levels(np.zeros(0, np.int64))
        at = cls(clients, items, sizes, categories, none, none).find_indices(rows)
        pairs = (_number_pairs(index, at.size, len(sizes)) for index in (at.category, at.item))
        of_category, of_item = (np.unique(pair[pair >= 0], return_counts=True) for pair in pairs)
        often = of_item[0][of_item[1] >= TWICE]
        return cls(clients, items, sizes, categories, Levels(of_category[0]), Levels(often))

    def find_indices(self, rows: Rows) -> RowIndices:
        """Find the indices of the names in `rows`; a row without a category has the category ""."""
        category = rows.further.get(CATEGORY)
        kind = np.zeros(len(rows), np.int64) if category is None else self.categories.index_cells(category)
        if category is not None:
            kind = np.where(category.code < 0, 0, kind)
        size, item = self.sizes.index_cells(rows.size), self.items.index_cells(rows.item)
        return RowIndices(
            size,
            self.category_sizes.find_indices(_number_pairs(kind, size, len(self.sizes))),
            item,
            self.item_sizes.find_indices(_number_pairs(item, size, len(self.sizes))),
            self.clients.index_cells(rows.client),
            kind,
        )


def _to_array(values: tuple[Any, ...], kind: str) -> NDArray[Any]:
    """Turn values into an array of text ("U") or bytes ("S"); ids are ASCII, and bytes take a quarter of the memory."""
    if kind == "S":
        return np.array([str(value).encode() for value in values], np.bytes_)
    return np.array([str(value) for value in values], np.str_)


def _number_pairs(first: Ints, size: Ints, sizes: int) -> Ints:
    return np.where((first >= 0) & (size >= 0), first * sizes + size, -1)
