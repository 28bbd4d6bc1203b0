"""Boxes for many clients at once: without budget exactly, with budget closely and with an upper bound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from algorithms.assembly.model import Block, Floats, Ints

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


def best_without_budget(block: Block, worth: Floats) -> tuple[Ints, Floats]:
    """The best box by `worth` (b, k) under slots and categories alone, exactly: both caps together are a laminar
    matroid, on which taking the best that still fits is optimal. Returns picks (b, t) and their summed worth."""
    left = worth.copy()
    rows, most = np.arange(len(left)), int(block.slots.max(initial=0))
    picks = np.full((len(left), most), -1)
    kinds = np.full((len(left), most), -2)
    total = np.zeros(len(left))
    for turn in range(most):
        best = left.argmax(1)
        gain = left[rows, best]
        taken = (gain > 0) & (turn < block.slots)
        if not taken.any():
            break
        picks[taken, turn] = best[taken]
        total += np.where(taken, gain, 0.0)
        kind = block.category[rows, best]
        full = np.flatnonzero(taken & ((kinds[:, :turn] == kind[:, None]).sum(1) + 1 >= block.cap))
        kinds[taken, turn] = kind[taken]
        left[rows, best] = -np.inf
        shut = left[full]
        shut[block.category[full] == kind[full, None]] = -np.inf
        left[full] = shut
    return picks, total


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
    over = np.flatnonzero(taken(block.price, picks).sum(1) > block.budget)
    if len(over):
        found = _within_budget(block.part(over), worth[over], total[over])
        picks[over] = widened(found.picks, picks.shape[1])
        total[over], upper[over], mu[over] = found.worth, found.upper, found.mu
    return Boxes(picks, total, np.maximum(upper, total), mu)


def _within_budget(block: Block, worth: Floats, upper: Floats) -> Boxes:
    low, high = np.zeros(len(worth)), (np.maximum(worth, 0) / np.maximum(block.price, 1)).max(1)
    best_mu, upper = low.copy(), upper.copy()
    picks = np.full((len(worth), int(block.slots.max())), -1)
    total = np.zeros(len(worth))
    for _ in range(HALVINGS):
        mu = (low + high) / 2
        tried, value = best_without_budget(block, worth - mu[:, None] * block.price)
        value = value + mu * block.budget
        best_mu, upper = np.where(value < upper, mu, best_mu), np.minimum(upper, value)
        fits = taken(block.price, tried).sum(1) <= block.budget
        real = taken(worth, tried).sum(1)
        better = fits & (real > total)
        total[better], picks[better, : tried.shape[1]] = real[better], tried[better]
        low, high = np.where(fits, low, mu), np.where(fits, mu, high)
    for _ in range(SWAPS):
        if not _swap(block, worth, picks, total):
            break
    return Boxes(picks, total, upper, best_mu)


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
        more = np.where(fits & (turn < block.slots)[:, None], worth - value[:, turn, None], 0.0)
        where[more > gain] = turn
        np.maximum(gain, more, out=gain)
    best = gain.argmax(1)
    most = gain[np.arange(len(gain)), best]
    rows = np.flatnonzero(most > 1e-12)
    picks[rows, where[rows, best[rows]]] = best[rows]
    total[rows] += most[rows]
    return bool(len(rows))
