"""Boxes for many clients at once: without budget exactly, with budget closely and with an upper bound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from algorithms.assembly.model import Block, Bools, Floats, Ints
from algorithms.assembly.variety import Lacking, cheapest_cover, shows, swappable

HALVINGS: Final = 14
SWAPS: Final = 4


@dataclass(frozen=True)
class Boxes:
    """A feasible box per client: `picks` (b, t) places in the row or -1, its `worth`, an `upper` bound on the best
    worth, and the price `mu` of a cent of budget (0 where the budget does not bind)."""

    picks: Ints
    worth: Floats
    upper: Floats
    mu: Floats


def best_without_budget(block: Block, worth: Floats, *, coloured: bool = False) -> tuple[Ints, Floats]:
    """The best box by `worth` (b, k) under slots, categories and must-haves alone, exactly: these make a matroid (what
    can be seated where some seats are kept for must-haves), on which taking the best that still fits is optimal.
    Returns picks (b, t) and their summed worth. `coloured` keeps to the colours too; that is no longer the best."""
    left = worth.copy()
    rows, most = np.arange(len(left)), int(block.slots.max(initial=0))
    picks = np.full((len(left), most), -1)
    kinds, colours = np.full((len(left), most), -2), np.full((len(left), most), -2)
    lacking = Lacking.of(block)
    total = np.zeros(len(left))
    for turn in range(most):
        best = left.argmax(1)
        seated = left[rows, best] > 0
        if lacking is not None:
            best, seated = lacking.first(left, best, seated, block.slots - turn)
        seated &= turn < block.slots
        if not seated.any():
            break
        total += np.where(seated, left[rows, best], 0.0)
        picks[seated, turn] = best[seated]
        if lacking is not None:
            lacking.has(seated, best, block.category)
        _shut(left, block.category, best, seated, kinds[:, : turn + 1], block.cap)
        if coloured and block.wishes is not None:
            _shut(left, block.wishes.colour, best, seated, colours[:, : turn + 1], block.wishes.colour_cap)
        left[rows, best] = -np.inf
    return picks, total


def _shut(left: Floats, table: Ints, best: Ints, seated: Bools, kinds: Ints, cap: Ints) -> None:
    """Close the categories (or colours, of which -1 is none) of which the boxes now have as many as may be. Changes
    `left` (b, k), and the last of `kinds` (b, t)."""
    kind = table[np.arange(len(left)), best]
    kinds[seated, -1] = kind[seated]
    full = np.flatnonzero(seated & (kind >= 0) & ((kinds == kind[:, None]).sum(1) >= cap))
    shut = left[full]
    shut[table[full] == kind[full, None]] = -np.inf
    left[full] = shut


def taken(table: Floats | Ints, picks: Ints) -> Floats:
    """The cells of `table` (b, k) that were picked, 0 where nothing was; shape (b, t)."""
    cells = np.take_along_axis(table, np.maximum(picks, 0), 1)
    return np.where(picks >= 0, cells, 0)


def widened(picks: Ints, width: int) -> Ints:
    """The same picks with empty places up to a `width`."""
    return np.pad(picks, ((0, 0), (0, width - picks.shape[1])), constant_values=-1)


def good_boxes(block: Block, worth: Floats) -> Boxes:
    """Feasible boxes by `worth` (b, k). Where the budget binds, its price is found by halving (the Lagrangian dual of
    the budget gives `upper`) and the best feasible box met on the way is mended by swaps."""
    picks, total = best_without_budget(block, worth)
    upper, mu = total.copy(), np.zeros(len(total))
    over = np.flatnonzero(_over(block, picks) | ~shows(block, picks))
    if len(over):
        found = _within_budget(block.part(over), worth[over], total[over])
        picks[over] = widened(found.picks, picks.shape[1])
        total[over], upper[over], mu[over] = found.worth, found.upper, found.mu
    return Boxes(picks, total, np.maximum(upper, total), mu)


def _over(block: Block, picks: Ints) -> Bools:
    dear: Bools = taken(block.price, picks).sum(1) > block.budget
    return dear


def _within_budget(block: Block, worth: Floats, upper: Floats) -> Boxes:
    low, high = np.zeros(len(worth)), (np.maximum(worth, 0) / np.maximum(block.price, 1)).max(1)
    best_mu, upper = low.copy(), upper.copy()
    picks, total = cheapest_cover(block, worth)
    for _ in range(HALVINGS):
        mu = (low + high) / 2
        priced = worth - mu[:, None] * block.price
        tried, value = best_without_budget(block, priced)
        value = value + mu * block.budget
        best_mu, upper = np.where(value < upper, mu, best_mu), np.minimum(upper, value)
        fits = ~_over(block, tried)
        if not _keep(block, worth, tried, picks, total):
            _keep(block, worth, best_without_budget(block, priced, coloured=True)[0], picks, total)
        low, high = np.where(fits, low, mu), np.where(fits, mu, high)
    for _ in range(SWAPS):
        if not _swap(block, worth, picks, total):
            break
    return Boxes(picks, total, upper, best_mu)


def _keep(block: Block, worth: Floats, tried: Ints, picks: Ints, total: Floats) -> bool:
    """The boxes `tried` where they are allowed and better than those at hand. Changes picks and total. False when some
    do not show what they must."""
    real = taken(worth, tried).sum(1)
    shown = shows(block, tried)
    better = ~_over(block, tried) & shown & (real > total)
    total[better], picks[better, : tried.shape[1]] = real[better], tried[better]
    return bool(shown.all())


def _swap(block: Block, worth: Floats, picks: Ints, total: Floats) -> bool:
    """Put, per client, the best single item into a free slot or in another's place. Changes picks and total."""
    price, kinds = taken(block.price, picks), np.where(picks >= 0, taken(block.category, picks), -2)
    value, spare = taken(worth, picks), block.budget - price.sum(1)
    inside = np.zeros(worth.shape, np.bool_)
    rows, turns = np.nonzero(picks >= 0)
    inside[rows, picks[rows, turns]] = True
    same = [block.category == kinds[:, turn, None] for turn in range(picks.shape[1])]
    alike = np.sum(same, axis=0)
    gain, where = np.zeros(worth.shape), np.full(worth.shape, -1)
    for turn in range(picks.shape[1]):
        fits = (block.price <= (spare + price[:, turn])[:, None]) & (alike - same[turn] < block.cap[:, None]) & ~inside
        if block.wishes is not None:
            fits &= swappable(block, picks, turn)
        more = np.where(fits & (turn < block.slots)[:, None], worth - value[:, turn, None], 0.0)
        where[more > gain] = turn
        np.maximum(gain, more, out=gain)
    best = gain.argmax(1)
    most = gain[np.arange(len(gain)), best]
    rows = np.flatnonzero(most > 1e-12)
    picks[rows, where[rows, best[rows]]] = best[rows]
    total[rows] += most[rows]
    return bool(len(rows))
