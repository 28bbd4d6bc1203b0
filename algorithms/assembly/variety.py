"""Colours and must-haves of boxes, for many clients at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from algorithms.assembly.checks import find_lacking_clients
from algorithms.assembly.model import Block, Bools, BoxWishes, Floats, Ints, Wave
from domain.fixes.must_haves import choose_cheapest


@dataclass(frozen=True)
class Variety:
    """Wishes for one box.

    `colours` (k), -1 for none; at most `colour_cap` of one colour; `must` (k): of a must-have category.
    """

    colours: Ints
    colour_cap: int | None
    must: Bools


def count_needs(wave: Wave) -> Wave:
    """Fill in `need`: of how many must-have categories each client could have an item, were there no others."""
    if wave.wishes is None:
        return wave
    wishes, need = wave.wishes, np.zeros(len(wave.slots), np.int64)
    c = wave.client
    can = wishes.must & (wave.price <= wave.item_cap[c]) & (wave.on_hand[wave.sku] > 0) & (wave.category_cap[c] > 0)
    indices = np.flatnonzero(can)
    indices = indices[np.argsort(c[indices], kind="stable")]
    for own in np.split(indices, np.flatnonzero(np.diff(c[indices])) + 1):
        if len(own):
            client = c[own[0]]
            need[client] = len(
                _find_cheapest(
                    wave.category[own], wave.price[own], wishes.colour[own],
                    wave.slots[client], wave.budget[client], wishes.colour_cap[client],
                )
            )  # fmt: skip
    return replace(wave, wishes=replace(wishes, need=need))


@dataclass
class MissingMustHaves:
    """Must-haves that unfinished boxes lack: `cells` (b, k) of the categories still missing, and `need` (b)."""

    cells: Bools
    need: Ints

    @classmethod
    def of(cls, block: Block) -> Self | None:
        """Build it for a block; None where nobody must have anything."""
        if block.wishes is None or not block.wishes.need.any():
            return None
        return cls(block.wishes.must.copy(), block.wishes.need.copy())

    def choose_next(self, left: Floats, best: Ints, seated: Bools, free: Ints) -> tuple[Ints, Bools]:
        """Choose the item to seat next, and say whether there is one.

        A must-have comes next where all `free` slots are needed for must-haves, or where nothing else is worth it.
        """
        rows = np.flatnonzero((self.need > 0) & ((self.need >= free) | ~seated))
        if len(rows):
            can = np.where(self.cells[rows], left[rows], -np.inf)
            best, seated = best.copy(), seated.copy()
            best[rows] = can.argmax(1)
            seated[rows] = np.isfinite(can.max(1))
        return best, seated

    def record_seated(self, seated: Bools, best: Ints, category: Ints) -> None:
        """Record the items just seated."""
        rows = np.flatnonzero(seated & self.cells[np.arange(len(best)), best])
        self.need[rows] -= 1
        kinds = category[rows, best[rows]]
        self.cells[rows] &= category[rows] != kinds[:, None]


def check_wishes(block: Block, picks: Ints) -> Bools:
    """Check that boxes (b, t) keep to the colour cap and have their must-haves (b)."""
    if block.wishes is None:
        return np.ones(len(picks), np.bool_)
    colour = _read_cells(block.wishes.colour, picks)
    most = ((colour[:, :, None] == colour[:, None, :]) & (colour >= 0)[:, :, None]).sum(2).max(1, initial=0)
    shown: Bools = (most <= block.wishes.colour_cap) & (count_must_haves(block, picks) >= block.wishes.need)
    return shown


def count_must_haves(block: Block, picks: Ints) -> Ints:
    """Count the must-have categories of which boxes have an item (b)."""
    wishes = _require_wishes(block)
    kind = np.where(_read_cells(wishes.must, picks) > 0, _read_cells(block.category, picks), -2)
    before = np.tril(np.ones((picks.shape[1],) * 2, np.bool_), -1)
    again = ((kind[:, :, None] == kind[:, None, :]) & before).any(2)
    there: Ints = ((kind >= 0) & ~again).sum(1)
    return there


def find_swappable(block: Block, picks: Ints, turn: int) -> Bools:
    """Mark the items (b, k) that may replace the box's item at `turn`, as far as colours and must-haves go."""
    wishes = _require_wishes(block)
    others = picks.copy()
    others[:, turn] = -1
    colour = _read_cells(wishes.colour, others)
    alike = (wishes.colour[:, :, None] == colour[:, None, :]).sum(2)
    fits: Bools = (wishes.colour < 0) | (alike < wishes.colour_cap[:, None])
    kinds = _read_cells(block.category, others)
    new = wishes.must & (block.category[:, :, None] != kinds[:, None, :]).all(2)
    fits &= count_must_haves(block, others)[:, None] + new >= wishes.need[:, None]
    return fits


def build_cheapest_covers(block: Block, worth: Floats) -> tuple[Ints, Floats]:
    """Build the boxes to begin with: empty ones, or the cheapest with all must-haves.

    Returns picks (b, t) and worths (b); where a must-have is out of reach, the box is empty.
    """
    picks = np.full((len(worth), int(block.slots.max())), -1)
    total = np.zeros(len(worth))
    if block.wishes is None:
        return picks, total
    for row in np.flatnonzero(block.wishes.need > 0):
        indices = find_cheapest_cover(block, int(row), np.isfinite(worth[row]))
        if len(indices) >= block.wishes.need[row]:
            picks[row, : len(indices)] = indices
            total[row] = worth[row, indices].sum()
    return picks, total


def find_cheapest_cover(block: Block, row: int, there: Bools) -> Ints:
    """Find the cheapest items, of those that are `there` (k), with as many must-haves as one client can have."""
    wishes = _require_wishes(block)
    indices = np.flatnonzero(wishes.must[row] & there)
    return indices[
        _find_cheapest(
            block.category[row, indices], block.price[row, indices], wishes.colour[row, indices],
            block.slots[row], block.budget[row], wishes.colour_cap[row],
        )
    ]  # fmt: skip


def drop_incomplete_boxes(wave: Wave, chosen: Bools) -> Bools:
    """Empty the boxes that lack a must-have, so that the repair begins with those. `chosen` (m) marks candidates."""
    lacking = np.zeros(len(wave.slots), np.bool_)
    lacking[find_lacking_clients(wave, np.flatnonzero(chosen))] = True
    return chosen & ~lacking[wave.client]


def limit_needs(block: Block, there: Bools, own: Bools | None = None) -> Block:
    """Lower the need of must-haves to what the items that are `there` (b, k) allow.

    `own` (b, k): items that the client holds already, which count as there.
    """
    wishes = block.wishes
    if wishes is None or not wishes.need.any():
        return block
    need = wishes.need.copy()
    has = np.zeros_like(need) if own is None else _count_own_categories(block, wishes.must & own)
    for row in np.flatnonzero(has < need):
        need[row] = min(int(need[row]), len(find_cheapest_cover(block, int(row), there[row])))
    return replace(block, wishes=replace(wishes, need=need))


def _count_own_categories(block: Block, own: Bools) -> Ints:
    rows, indices = np.nonzero(own)
    pairs = np.unique(np.stack([rows, block.category[rows, indices]]), axis=1)
    counts: Ints = np.bincount(pairs[0], minlength=len(own))
    return counts


def _find_cheapest(kind: Ints, price: Ints, colour: Ints, slots: np.int64, budget: np.int64, cap: np.int64) -> Ints:
    colours = [None if code < 0 else code for code in colour.tolist()]
    indices = choose_cheapest(kind.tolist(), colours, price.tolist(), int(slots), int(budget), int(cap))
    return np.array(indices, np.int64)


def _read_cells(table: Ints | Bools, picks: Ints) -> Ints:
    cells: Ints = np.where(picks >= 0, np.take_along_axis(table, np.maximum(picks, 0), 1), -2)
    return cells


def _require_wishes(block: Block) -> BoxWishes:
    if block.wishes is None:
        raise ValueError("the block has no wishes")
    return block.wishes
