"""Colours and must-haves of boxes, for many clients at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from algorithms.assembly.model import Block, Bools, Floats, Ints, Wave, Wishes
from domain.fixes.must_haves import cheapest


@dataclass(frozen=True)
class Variety:
    """Of one box: `colours` (k), -1 for none; at most `colour_cap` of one; `must` (k): of a category to be there."""

    colours: Ints
    colour_cap: int | None
    must: Bools


def with_needs(wave: Wave) -> Wave:
    """The same with `need` counted: of how many must-have categories each client alone can have an item."""
    if wave.wishes is None:
        return wave
    wishes, need = wave.wishes, np.zeros(len(wave.slots), np.int64)
    c = wave.client
    can = wishes.must & (wave.price <= wave.item_cap[c]) & (wave.on_hand[wave.sku] > 0) & (wave.category_cap[c] > 0)
    places = np.flatnonzero(can)
    places = places[np.argsort(c[places], kind="stable")]
    for mine in np.split(places, np.flatnonzero(np.diff(c[places])) + 1):
        if len(mine):
            client = c[mine[0]]
            need[client] = len(
                _cheapest(
                    wave.category[mine], wave.price[mine], wishes.colour[mine],
                    wave.slots[client], wave.budget[client], wishes.colour_cap[client],
                )
            )  # fmt: skip
    return replace(wave, wishes=replace(wishes, need=need))


@dataclass
class Lacking:
    """What boxes under way lack of their must-haves: `cells` (b, k) of categories not there yet, `need` (b)."""

    cells: Bools
    need: Ints

    @classmethod
    def of(cls, block: Block) -> Self | None:
        """None where nobody must have anything."""
        if block.wishes is None or not block.wishes.need.any():
            return None
        return cls(block.wishes.must.copy(), block.wishes.need.copy())

    def first(self, left: Floats, best: Ints, seated: Bools, free: Ints) -> tuple[Ints, Bools]:
        """The item to seat next, and whether there is one: a must-have where only so many slots are `free` as are
        needed for them, or where nothing else is worth it."""
        rows = np.flatnonzero((self.need > 0) & ((self.need >= free) | ~seated))
        if len(rows):
            can = np.where(self.cells[rows], left[rows], -np.inf)
            best, seated = best.copy(), seated.copy()
            best[rows] = can.argmax(1)
            seated[rows] = np.isfinite(can.max(1))
        return best, seated

    def has(self, seated: Bools, best: Ints, category: Ints) -> None:
        """Take note of the items just seated."""
        rows = np.flatnonzero(seated & self.cells[np.arange(len(best)), best])
        self.need[rows] -= 1
        kinds = category[rows, best[rows]]
        self.cells[rows] &= category[rows] != kinds[:, None]


def shows(block: Block, picks: Ints) -> Bools:
    """Whether boxes (b, t) keep to the colour cap and have what they must (b)."""
    if block.wishes is None:
        return np.ones(len(picks), np.bool_)
    colour = _of(block.wishes.colour, picks)
    most = ((colour[:, :, None] == colour[:, None, :]) & (colour >= 0)[:, :, None]).sum(2).max(1, initial=0)
    shown: Bools = (most <= block.wishes.colour_cap) & (covered(block, picks) >= block.wishes.need)
    return shown


def covered(block: Block, picks: Ints) -> Ints:
    """Of how many must-have categories boxes have an item (b)."""
    wishes = _wishes(block)
    kind = np.where(_of(wishes.must, picks) > 0, _of(block.category, picks), -2)
    before = np.tril(np.ones((picks.shape[1],) * 2, np.bool_), -1)
    again = ((kind[:, :, None] == kind[:, None, :]) & before).any(2)
    there: Ints = ((kind >= 0) & ~again).sum(1)
    return there


def swappable(block: Block, picks: Ints, turn: int) -> Bools:
    """Items (b, k) that may take the place of the box's item at `turn`, as far as colours and must-haves go."""
    wishes = _wishes(block)
    others = picks.copy()
    others[:, turn] = -1
    colour = _of(wishes.colour, others)
    alike = (wishes.colour[:, :, None] == colour[:, None, :]).sum(2)
    fits: Bools = (wishes.colour < 0) | (alike < wishes.colour_cap[:, None])
    kinds = _of(block.category, others)
    new = wishes.must & (block.category[:, :, None] != kinds[:, None, :]).all(2)
    fits &= covered(block, others)[:, None] + new >= wishes.need[:, None]
    return fits


def cheapest_cover(block: Block, worth: Floats) -> tuple[Ints, Floats]:
    """Boxes to begin with: empty ones, or the cheapest that have what they must. Returns picks (b, t) and worths; where
    a must-have cannot be had, an empty box."""
    picks = np.full((len(worth), int(block.slots.max())), -1)
    total = np.zeros(len(worth))
    if block.wishes is None:
        return picks, total
    for row in np.flatnonzero(block.wishes.need > 0):
        places = cover_of(block, int(row), np.isfinite(worth[row]))
        if len(places) >= block.wishes.need[row]:
            picks[row, : len(places)] = places
            total[row] = worth[row, places].sum()
    return picks, total


def cover_of(block: Block, row: int, there: Bools) -> Ints:
    """The cheapest items that give one client as many must-haves as can be, of those that are `there` (k)."""
    wishes = _wishes(block)
    places = np.flatnonzero(wishes.must[row] & there)
    return places[
        _cheapest(
            block.category[row, places], block.price[row, places], wishes.colour[row, places],
            block.slots[row], block.budget[row], wishes.colour_cap[row],
        )
    ]  # fmt: skip


def attainable(block: Block, there: Bools, held: Bools | None = None) -> Block:
    """The same where nobody needs more must-haves than the items that are `there` (b, k) allow. Who holds enough of
    them (`held`) can have them."""
    wishes = block.wishes
    if wishes is None or not wishes.need.any():
        return block
    need = wishes.need.copy()
    has = np.zeros_like(need) if held is None else _kinds_held(block, wishes.must & held)
    for row in np.flatnonzero(has < need):
        need[row] = min(int(need[row]), len(cover_of(block, int(row), there[row])))
    return replace(block, wishes=replace(wishes, need=need))


def _kinds_held(block: Block, held: Bools) -> Ints:
    rows, places = np.nonzero(held)
    pairs = np.unique(np.stack([rows, block.category[rows, places]]), axis=1)
    counts: Ints = np.bincount(pairs[0], minlength=len(held))
    return counts


def _cheapest(kind: Ints, price: Ints, colour: Ints, slots: np.int64, budget: np.int64, cap: np.int64) -> Ints:
    colours = [None if each < 0 else each for each in colour.tolist()]
    found = cheapest(kind.tolist(), colours, price.tolist(), int(slots), int(budget), int(cap))
    return np.array(found, np.int64)


def _of(table: Ints | Bools, picks: Ints) -> Ints:
    cells: Ints = np.where(picks >= 0, np.take_along_axis(table, np.maximum(picks, 0), 1), -2)
    return cells


def _wishes(block: Block) -> Wishes:
    if block.wishes is None:
        raise ValueError("the block has no wishes")
    return block.wishes
