"""Good boxes for many clients at once.

Without a budget they are exactly the best; with one they come close, and an upper bound says how close.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from algorithms.assembly.model import Block, Bools, Floats, Ints
from algorithms.assembly.variety import MissingMustHaves, build_cheapest_covers, check_wishes, find_swappable

HALVINGS: Final = 14
SWAPS: Final = 4


@dataclass(frozen=True)
class Boxes:
    """A feasible box for each client.

    `picks` (b, t): indices in the row, or -1; `worth` (b); `upper` (b): a bound on the best worth; `mu` (b): the price
    of a cent of budget, 0 where the budget does not bind.
    """

    picks: Ints
    worth: Floats
    upper: Floats
    mu: Floats


def find_best_without_budget(block: Block, worth: Floats, *, coloured: bool = False) -> tuple[Ints, Floats]:
    """Find the best box by `worth` (b, k) under slots, categories and must-haves alone.

    These rules form a matroid, on which it is optimal to take the best item that still fits, again and again.

    Args:
        coloured: keep to the colour cap too; the box is then allowed, but no longer the best.

    Returns:
        Picks (b, t) and their summed worth (b).
    """
    left = worth.copy()
    rows, most = np.arange(len(left)), int(block.slots.max(initial=0))
    picks = np.full((len(left), most), -1)
    kinds, colours = np.full((len(left), most), -2), np.full((len(left), most), -2)
    missing = MissingMustHaves.of(block)
    total = np.zeros(len(left))
    for turn in range(most):
        best = left.argmax(1)
        seated = left[rows, best] > 0
        if missing is not None:
            best, seated = missing.choose_next(left, best, seated, block.slots - turn)
        seated &= turn < block.slots
        if not seated.any():
            break
        total += np.where(seated, left[rows, best], 0.0)
        picks[seated, turn] = best[seated]
        if missing is not None:
            missing.record_seated(seated, best, block.category)
        _close_full_groups(left, block.category, best, seated, kinds[:, : turn + 1], block.cap)
        if coloured and block.wishes is not None:
            _close_full_groups(left, block.wishes.colour, best, seated, colours[:, : turn + 1], block.wishes.colour_cap)
        left[rows, best] = -np.inf
    return picks, total


def _close_full_groups(left: Floats, table: Ints, best: Ints, seated: Bools, kinds: Ints, cap: Ints) -> None:
    """Close the categories (or colours; -1 is no colour) of which a box now has as many items as it may.

    Changes `left` (b, k) and the last column of `kinds` (b, t).
    """
    kind = table[np.arange(len(left)), best]
    kinds[seated, -1] = kind[seated]
    full = np.flatnonzero(seated & (kind >= 0) & ((kinds == kind[:, None]).sum(1) >= cap))
    shut = left[full]
    shut[table[full] == kind[full, None]] = -np.inf
    left[full] = shut


def take_picked(table: Floats | Ints, picks: Ints) -> Floats:
    """Return the picked cells of `table` (b, k), 0 where nothing was picked; shape (b, t)."""
    cells = np.take_along_axis(table, np.maximum(picks, 0), 1)
    return np.where(picks >= 0, cells, 0)


def widen_picks(picks: Ints, width: int) -> Ints:
    """Fill the picks up with empty columns (-1) to a `width`."""
    return np.pad(picks, ((0, 0), (0, width - picks.shape[1])), constant_values=-1)


def find_good_boxes(block: Block, worth: Floats) -> Boxes:
    """Find feasible boxes that are good by `worth` (b, k).

    Where the budget binds, its price is found by bisection, and the Lagrangian dual of the budget gives `upper`. The
    best feasible box met on the way is then improved by swaps.
    """
    picks, total = find_best_without_budget(block, worth)
    upper, mu = total.copy(), np.zeros(len(total))
    over = np.flatnonzero(_find_over_budget(block, picks) | ~check_wishes(block, picks))
    if len(over):
        within = _search_within_budget(block.select(over), worth[over], total[over])
        picks[over] = widen_picks(within.picks, picks.shape[1])
        total[over], upper[over], mu[over] = within.worth, within.upper, within.mu
    return Boxes(picks, total, np.maximum(upper, total), mu)


def _find_over_budget(block: Block, picks: Ints) -> Bools:
    dear: Bools = take_picked(block.price, picks).sum(1) > block.budget
    return dear


def _search_within_budget(block: Block, worth: Floats, upper: Floats) -> Boxes:
    low, high = np.zeros(len(worth)), (np.maximum(worth, 0) / np.maximum(block.price, 1)).max(1)
    best_mu, upper = low.copy(), upper.copy()
    picks, total = build_cheapest_covers(block, worth)
    for _ in range(HALVINGS):
        mu = (low + high) / 2
        priced = worth - mu[:, None] * block.price
        tried, value = find_best_without_budget(block, priced)
        value = value + mu * block.budget
        best_mu, upper = np.where(value < upper, mu, best_mu), np.minimum(upper, value)
        fits = ~_find_over_budget(block, tried)
        if not _keep_better(block, worth, tried, picks, total):
            _keep_better(block, worth, find_best_without_budget(block, priced, coloured=True)[0], picks, total)
        low, high = np.where(fits, low, mu), np.where(fits, mu, high)
    for _ in range(SWAPS):
        if not _swap_best(block, worth, picks, total):
            break
    return Boxes(picks, total, upper, best_mu)


def _keep_better(block: Block, worth: Floats, tried: Ints, picks: Ints, total: Floats) -> bool:
    """Keep the boxes `tried` where they are allowed and better than those at hand.

    Changes `picks` and `total`. Returns False when some box tried breaks a wish.
    """
    real = take_picked(worth, tried).sum(1)
    shown = check_wishes(block, tried)
    better = ~_find_over_budget(block, tried) & shown & (real > total)
    total[better], picks[better, : tried.shape[1]] = real[better], tried[better]
    return bool(shown.all())


def _swap_best(block: Block, worth: Floats, picks: Ints, total: Floats) -> bool:
    """Put, for each client, the best single item into a free slot or in another's place. Changes picks and total."""
    price, kinds = take_picked(block.price, picks), np.where(picks >= 0, take_picked(block.category, picks), -2)
    value, spare = take_picked(worth, picks), block.budget - price.sum(1)
    inside = np.zeros(worth.shape, np.bool_)
    rows, turns = np.nonzero(picks >= 0)
    inside[rows, picks[rows, turns]] = True
    same = [block.category == kinds[:, turn, None] for turn in range(picks.shape[1])]
    alike = np.sum(same, axis=0)
    gain, where = np.zeros(worth.shape), np.full(worth.shape, -1)
    for turn in range(picks.shape[1]):
        fits = (block.price <= (spare + price[:, turn])[:, None]) & (alike - same[turn] < block.cap[:, None]) & ~inside
        if block.wishes is not None:
            fits &= find_swappable(block, picks, turn)
        more = np.where(fits & (turn < block.slots)[:, None], worth - value[:, turn, None], 0.0)
        where[more > gain] = turn
        np.maximum(gain, more, out=gain)
    best = gain.argmax(1)
    most = gain[np.arange(len(gain)), best]
    rows = np.flatnonzero(most > 1e-12)
    picks[rows, where[rows, best[rows]]] = best[rows]
    total[rows] += most[rows]
    return bool(len(rows))
