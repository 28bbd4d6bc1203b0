"""Names of clients, items, sizes and their pairs, each with a place; what was never seen has place -1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from algorithms.fit.rows import CATEGORY, Column, Rows
from domain.arrays import Ints

TWICE: Final = 2
"""Times that an item was tried in a size, from which the pair is looked at on its own."""


@dataclass(frozen=True, slots=True)
class Levels:
    """Distinct names (bytes, text or numbers), sorted."""

    names: NDArray[Any]

    def __len__(self) -> int:
        return len(self.names)

    def places(self, wanted: NDArray[Any]) -> Ints:
        """The place of each, -1 of the unknown."""
        if not len(self.names) or not len(wanted):
            return np.full(len(wanted), -1, np.int64)
        near = np.minimum(np.searchsorted(self.names, wanted), len(self.names) - 1)
        return np.where(self.names[near] == wanted, near, -1)

    def of(self, column: Column) -> Ints:
        """The place of each cell, -1 of what is unknown or empty."""
        return column.spread(self.places(_array(column.values, self.names.dtype.kind)), -1)


class Places(NamedTuple):
    """Where the names of n rows stand, each of shape (n,)."""

    size: Ints
    category_size: Ints
    item: Ints
    item_size: Ints
    client: Ints
    category: Ints


@dataclass(frozen=True, slots=True)
class Names:
    """All names that were learnt. Pairs are numbers: the first's place times the count of sizes, plus the size's."""

    clients: Levels
    items: Levels
    sizes: Levels
    categories: Levels
    category_sizes: Levels
    item_sizes: Levels

    @classmethod
    def learnt(cls, rows: Rows) -> Names:
        """From rows; item and size are a pair where they met more than once."""
        category = rows.further.get(CATEGORY)
        clients, items = (Levels(np.unique(_array(each.values, "S"))) for each in (rows.client, rows.item))
        sizes = Levels(np.unique(_array(rows.size.values, "U")))
        categories = Levels(np.unique(_array(("", *(category.values if category else ())), "U")))
        none = Levels(np.zeros(0, np.int64))
        at = cls(clients, items, sizes, categories, none, none).places(rows)
        pairs = (_pair(place, at.size, len(sizes)) for place in (at.category, at.item))
        of_category, of_item = (np.unique(pair[pair >= 0], return_counts=True) for pair in pairs)
        often = of_item[0][of_item[1] >= TWICE]
        return cls(clients, items, sizes, categories, Levels(of_category[0]), Levels(often))

    def places(self, rows: Rows) -> Places:
        """Where the names of `rows` stand; without a category, a row is of the category ""."""
        category = rows.further.get(CATEGORY)
        kind = np.zeros(len(rows), np.int64) if category is None else self.categories.of(category)
        if category is not None:
            kind = np.where(category.code < 0, 0, kind)
        size, item = self.sizes.of(rows.size), self.items.of(rows.item)
        return Places(
            size,
            self.category_sizes.places(_pair(kind, size, len(self.sizes))),
            item,
            self.item_sizes.places(_pair(item, size, len(self.sizes))),
            self.clients.of(rows.client),
            kind,
        )


def _array(values: tuple[Any, ...], kind: str) -> NDArray[Any]:
    """Ids are ASCII and kept as bytes, a quarter of the memory."""
    if kind == "S":
        return np.array([str(value).encode() for value in values], np.bytes_)
    return np.array([str(value) for value in values], np.str_)


def _pair(first: Ints, size: Ints, sizes: int) -> Ints:
    return np.where((first >= 0) & (size >= 0), first * sizes + size, -1)
