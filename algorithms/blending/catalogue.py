"""The catalogue and the stock as arrays, so that every item is judged at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np

from algorithms.blending.features import Features
from domain import blend
from domain.arrays import Flags, Floats, Ints
from domain.histories import plain
from domain.sizes import plain_size
from models.catalogue import Item, Season

StockLine = tuple[str, str, int]
"""item_id, size, units on hand."""


@dataclass(frozen=True)
class Catalogue:
    """n items in a fixed order, and what lies on the shelf of each size."""

    items: tuple[Item, ...]
    sizes: dict[str, int]
    """Rows of `on_hand` and `offered` by size as compared; row 0 is one size for all."""
    on_hand: Ints
    """Units, shape (sizes, n)."""

    @classmethod
    def of(cls, items: Sequence[Item], stock: Iterable[StockLine]) -> Catalogue:
        """From rows as stored. Stock of unknown items is passed over."""
        return cls(tuple(items), {}, np.zeros((0, len(items)), np.int64)).with_stock(stock)

    def with_stock(self, stock: Iterable[StockLine]) -> Catalogue:
        """The same items with the stock counted anew."""
        lines = [(plain_size(size), self.index[item], units) for item, size, units in stock if item in self.index]
        named = {plain_size(size) for item in self.items for size in item.sizes} | {size for size, _, _ in lines}
        sizes = {size: row for row, size in enumerate(["", *sorted(named - {""})])}
        on_hand = np.zeros((len(sizes), len(self.items)), np.int64)
        if lines:
            rows, columns, units = zip(*((sizes[size], column, units) for size, column, units in lines), strict=True)
            np.add.at(on_hand, (rows, columns), units)
        fresh = replace(self, sizes=sizes, on_hand=on_hand)
        # What does not hang on stock is worked out once for the catalogue, not again for each change of stock.
        fresh.__dict__.update({name: self.__dict__[name] for name in _LASTING if name in self.__dict__})
        return fresh

    def __len__(self) -> int:
        return len(self.items)

    @cached_property
    def index(self) -> dict[str, int]:
        """Places of the items by id."""
        return {item.item_id: place for place, item in enumerate(self.items)}

    def places(self, ids: Iterable[str]) -> Ints:
        """Places of those ids that are known."""
        return np.array([self.index[each] for each in ids if each in self.index], np.int64)

    def aligned(self, ids: Sequence[str]) -> Ints:
        """The place of every id, -1 for those unknown."""
        return np.array([self.index.get(each, -1) for each in ids], np.int64)

    @cached_property
    def category(self) -> Ints:
        """A number for each item's category."""
        numbers: dict[str, int] = {}
        return np.array([numbers.setdefault(plain(item.category), len(numbers)) for item in self.items], np.int64)

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
        """Places in the order of `Season`."""
        order = {season: place for place, season in enumerate(Season)}
        return np.array([order[item.season] for item in self.items], np.int64)

    @cached_property
    def offered(self) -> Flags:
        """Whether an item is made in a size, shape (sizes, n); row 0: it has no sizes."""
        made = np.zeros(self.on_hand.shape, np.bool_)
        for place, item in enumerate(self.items):
            for size in item.sizes or ("",):
                made[self.sizes[plain_size(size)], place] = True
        return made

    @cached_property
    def shelf(self) -> Ints:
        """Units on hand over all sizes, shape (n,)."""
        return np.asarray(self.on_hand.sum(axis=0), np.int64)

    @cached_property
    def typical_stock(self) -> float:
        """The median units on hand of what is in stock at all."""
        some = self.shelf[self.shelf > 0]
        return float(np.median(some)) if some.size else 1.0

    def in_sizes(self, sizes: Sequence[str]) -> Ints:
        """Units on hand that fit somebody who wears `sizes`, shape (n,); no sizes: no constraint.

        Stock without a size fits when the item has no sizes, or is made in one that the client wears.
        """
        if not sizes:
            return self.shelf
        worn = tuple(sorted({plain_size(size) for size in sizes}))
        if worn not in self._fitting:
            self._fitting[worn] = self._count(worn)  # two threads may both count; they find the same
        return self._fitting[worn]

    @cached_property
    def _fitting(self) -> dict[tuple[str, ...], Ints]:
        """Counts made before: a shop has few sets of sizes and many clients."""
        return {}

    def _count(self, worn: tuple[str, ...]) -> Ints:
        rows = sorted({self.sizes[size] for size in worn if size in self.sizes} - {0})
        fits = self.offered[0] | self.offered[rows].any(axis=0)
        return np.asarray(self.on_hand[rows].sum(axis=0) + np.where(fits, self.on_hand[0], 0), np.int64)


_LASTING: Final = ("index", "category", "price", "margin", "added", "seasons", "features")
