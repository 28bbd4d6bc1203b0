"""The catalogue and the stock as arrays, so that all items are scored at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np

from algorithms.blending.features import Features
from domain import blend
from domain.arrays import Flags, Floats, Ints
from domain.histories import normalise_word
from domain.sizes import fold_size
from models.catalogue import Item, Season

StockLine = tuple[str, str, int]
"""item_id, size, units on hand."""


@dataclass(frozen=True)
class Catalogue:
    """n items in a fixed order, and the stock of each size."""

    items: tuple[Item, ...]
    sizes: dict[str, int]
    """Rows of `on_hand` and `offered` by size as compared; row 0 is one size for all."""
    on_hand: Ints
    """Units, shape (sizes, n)."""
    arrivals: int = 0
    """How often something came into stock of which there was nothing."""

    @classmethod
    def of(cls, items: Sequence[Item], stock: Iterable[StockLine]) -> Catalogue:
        """Build the catalogue from rows as stored. Stock of unknown items is ignored."""
        return cls(tuple(items), {}, np.zeros((0, len(items)), np.int64)).with_stock(stock)

    def with_stock(self, stock: Iterable[StockLine]) -> Catalogue:
        """Return the same items with the stock counted again."""
        lines = [(fold_size(size), self.index[item], units) for item, size, units in stock if item in self.index]
        names = {fold_size(size) for item in self.items for size in item.sizes} | {size for size, _, _ in lines}
        sizes = {size: row for row, size in enumerate(["", *sorted(names - {""})])}
        on_hand = np.zeros((len(sizes), len(self.items)), np.int64)
        if lines:
            rows, columns, units = zip(*((sizes[size], column, units) for size, column, units in lines), strict=True)
            np.add.at(on_hand, (rows, columns), units)
        has_come = sizes != self.sizes or bool(((self.on_hand <= 0) & (on_hand > 0)).any())
        fresh = replace(self, sizes=sizes, on_hand=on_hand, arrivals=self.arrivals + has_come)
        # What does not depend on stock is computed once for the catalogue, not again for each change of stock.
        fresh.__dict__.update({name: self.__dict__[name] for name in _LASTING if name in self.__dict__})
        return fresh

    def __len__(self) -> int:
        return len(self.items)

    @cached_property
    def index(self) -> dict[str, int]:
        """The index of each item by its id."""
        return {item.item_id: index for index, item in enumerate(self.items)}

    def find_indices(self, ids: Iterable[str]) -> Ints:
        """Find the indices of those ids that are known."""
        return np.array([self.index[item_id] for item_id in ids if item_id in self.index], np.int64)

    def align_ids(self, ids: Sequence[str]) -> Ints:
        """Return the index of every id, -1 for unknown ones."""
        return np.array([self.index.get(item_id, -1) for item_id in ids], np.int64)

    @cached_property
    def category(self) -> Ints:
        """A number for the category of each item, an index into `category_names`."""
        numbers = {name: number for number, name in enumerate(self.category_names)}
        return np.array([numbers[normalise_word(item.category)] for item in self.items], np.int64)

    @cached_property
    def category_numbers(self) -> tuple[int, ...]:
        """The numbers of `category` as plain ones, for single looks."""
        return tuple(self.category.tolist())

    @cached_property
    def category_names(self) -> tuple[str, ...]:
        """The categories, normalised, in the order in which they first come."""
        return tuple(dict.fromkeys(normalise_word(item.category) for item in self.items))

    @cached_property
    def features(self) -> Features:
        """What describes each item."""
        return Features.of(self.items)

    @cached_property
    def price(self) -> Floats:
        """Cents."""
        return np.array([item.price_cents for item in self.items], np.float64)

    @cached_property
    def margin(self) -> Floats:
        """The blend's part `margin`."""
        cost = np.array([np.nan if item.cost_cents is None else item.cost_cents for item in self.items], np.float64)
        return blend.margin(self.price, cost)

    @cached_property
    def added(self) -> Floats:
        """When each item came, epoch seconds."""
        return np.array([item.added_at.timestamp() for item in self.items], np.float64)

    @cached_property
    def seasons(self) -> Ints:
        """The season of each item, as its number in the order of `Season`."""
        order = {season: index for index, season in enumerate(Season)}
        return np.array([order[item.season] for item in self.items], np.int64)

    @cached_property
    def offered(self) -> Flags:
        """Whether an item is made in a size, shape (sizes, n); row 0: it has no sizes."""
        offered = np.zeros(self.on_hand.shape, np.bool_)
        for index, item in enumerate(self.items):
            for size in item.sizes or ("",):
                offered[self.sizes[fold_size(size)], index] = True
        return offered

    @cached_property
    def total_units(self) -> Ints:
        """Units on hand over all sizes, shape (n,)."""
        return np.asarray(self.on_hand.sum(axis=0), np.int64)

    @cached_property
    def typical_stock(self) -> float:
        """The median units on hand of what is in stock at all."""
        in_stock = self.total_units[self.total_units > 0]
        return float(np.median(in_stock)) if in_stock.size else 1.0

    def count_in_sizes(self, sizes: Sequence[str]) -> Ints:
        """Count the units on hand that fit somebody who wears `sizes`, shape (n,); no sizes: no constraint.

        Stock without a size fits when the item has no sizes, or is made in one that the client wears.
        """
        if not sizes:
            return self.total_units
        worn = tuple(sorted({fold_size(size) for size in sizes}))
        if worn not in self._counts_by_sizes:
            self._counts_by_sizes[worn] = self._count_units(worn)  # two threads may both count, with the same result
        return self._counts_by_sizes[worn]

    def find_stocked(self, sizes: Sequence[str]) -> bytes:
        """Find which items are in stock for somebody who wears `sizes`: a byte for each, 1 for yes. Plain bytes, since
        to look at single places of an array takes four times as long."""
        worn = tuple(sizes)
        if worn not in self._stocked_by_sizes:
            self._stocked_by_sizes[worn] = (self.count_in_sizes(sizes) > 0).tobytes()
        return self._stocked_by_sizes[worn]

    @cached_property
    def _stocked_by_sizes(self) -> dict[tuple[str, ...], bytes]:
        return {}

    @cached_property
    def _counts_by_sizes(self) -> dict[tuple[str, ...], Ints]:
        """Counts of earlier calls: a shop has few sets of sizes and many clients."""
        return {}

    def _count_units(self, worn: tuple[str, ...]) -> Ints:
        rows = sorted({self.sizes[size] for size in worn if size in self.sizes} - {0})
        fits = self.offered[0] | self.offered[rows].any(axis=0)
        return np.asarray(self.on_hand[rows].sum(axis=0) + np.where(fits, self.on_hand[0], 0), np.int64)


_LASTING: Final = (
    "index",
    "category",
    "category_names",
    "category_numbers",
    "price",
    "margin",
    "added",
    "seasons",
    "features",
)
