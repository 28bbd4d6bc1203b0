"""The assembly problem as arrays: choose candidates so that the summed score is greatest.

Each client takes at most `slots` items worth at most `budget` together, each at most `item_cap`, at most `category_cap`
of one category, a sku once; all clients together take at most `on_hand` of a sku. Boxes may be partial or empty.
Wishes, where there are any, bind as well: at most `colour_cap` of a colour, and items of `need` must-have categories.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

NO_LIMIT: Final = np.iinfo(np.int64).max
"""Stands for an empty budget, item_cap or category_cap."""
BLOCK: Final = 1_024
"""Clients that are worked on at once, so that their tables stay in the processor's cache."""


@dataclass(frozen=True)
class BoxWishes:
    """Rules of boxes beyond the limits: colours and must-haves.

    `must`: the candidate's category is one that its client must have; `need`: the number of such categories of which a
    box must have an item. A colour of -1 is none. Shapes: colour, must (m) of a wave, (b, k) of a block; colour_cap,
    need (n) or (b).
    """

    colour: Ints
    colour_cap: Ints
    must: Bools
    need: Ints

    def select(self, rows: Ints | Bools) -> BoxWishes:
        """Select some of the clients of a block."""
        return BoxWishes(self.colour[rows], self.colour_cap[rows], self.must[rows], self.need[rows])


@dataclass(frozen=True)
class Wave:
    """n clients, s skus and m candidates. Money in cents; candidates name client, sku and category by index.

    Shapes: slots, budget, item_cap, category_cap (n); on_hand (s); client, sku, category, price, score (m).
    """

    slots: Ints
    budget: Ints
    item_cap: Ints
    category_cap: Ints
    on_hand: Ints
    client: Ints
    sku: Ints
    category: Ints
    price: Ints
    score: Floats
    wishes: BoxWishes | None = None

    def find_eligible(self) -> Ints:
        """Find the candidates that can be in a box at all, and that add to the score or must be there."""
        c = self.client
        fits = (self.price <= self.item_cap[c]) & (self.price <= self.budget[c]) & (self.on_hand[self.sku] > 0)
        wanted = self.score > 0
        if self.wishes is not None:
            wanted |= self.wishes.must & (self.wishes.need[c] > 0)
        return np.flatnonzero(fits & wanted & (self.slots[c] > 0) & (self.category_cap[c] > 0))


@dataclass(frozen=True)
class Block:
    """Some clients with their candidates in rows of one length. Cells without a candidate have `score` -inf.

    Shapes: clients, slots, budget, cap (b); candidate (its index in the wave), sku, category, price, score (b, k).
    """

    clients: Ints
    slots: Ints
    budget: Ints
    cap: Ints
    candidate: Ints
    sku: Ints
    category: Ints
    price: Ints
    score: Floats
    wishes: BoxWishes | None = None

    def list_groups(self) -> list[tuple[Ints, Ints]]:
        """List the groups of items with a cap: codes (b, k), below 0 for no group, and the most of one code (b)."""
        groups = [(self.category, self.cap)]
        return groups if self.wishes is None else [*groups, (self.wishes.colour, self.wishes.colour_cap)]

    def select(self, rows: Ints | Bools) -> Block:
        """Select some of the clients."""
        tables = {name: getattr(self, name)[rows] for name in self.__dataclass_fields__ if name != "wishes"}
        return Block(**tables, wishes=None if self.wishes is None else self.wishes.select(rows))


def build_blocks(wave: Wave, size: int = BLOCK) -> list[Block]:
    """Group the clients that have candidates into blocks of about equally many candidates.

    Limits that cannot bind are made small.
    """
    rows = wave.find_eligible()
    rows = rows[np.lexsort((rows, wave.client[rows]))]
    counts = np.bincount(wave.client[rows], minlength=len(wave.slots))
    starts = np.cumsum(counts) - counts
    order = np.flatnonzero(counts)
    order = order[np.argsort(counts[order], kind="stable")]
    return [
        _build_block(wave, rows, np.sort(order[at : at + size]), starts, counts) for at in range(0, len(order), size)
    ]


def _build_block(wave: Wave, rows: Ints, clients: Ints, starts: Ints, counts: Ints) -> Block:
    width = int(counts[clients].max())
    index = np.arange(width)
    there = index < counts[clients][:, None]
    candidate = rows[np.where(there, starts[clients][:, None] + index, 0)]
    price = np.where(there, wave.price[candidate], 0)
    slots = np.minimum(wave.slots[clients], counts[clients])
    return Block(
        clients,
        slots,
        np.minimum(wave.budget[clients], price.sum(1)),
        np.minimum(wave.category_cap[clients], slots),
        candidate,
        wave.sku[candidate],
        np.where(there, wave.category[candidate], -1),
        price,
        np.where(there, wave.score[candidate], -np.inf),
        None if wave.wishes is None else _select_wishes(wave.wishes, candidate, there, clients),
    )


def _select_wishes(wishes: BoxWishes, candidate: Ints, there: Bools, clients: Ints) -> BoxWishes:
    return BoxWishes(
        np.where(there, wishes.colour[candidate], -1),
        wishes.colour_cap[clients],
        there & wishes.must[candidate],
        wishes.need[clients],
    )
