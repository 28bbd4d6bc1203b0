"""The repair after the dive: each client alone takes the best box that its own items and the stock left over allow."""

from __future__ import annotations

from typing import Final

import numpy as np

from algorithms.assembly.boxes import find_good_boxes, take_picked
from algorithms.assembly.model import Block, Bools, Floats, Ints, Wave
from algorithms.assembly.near import LOOSE, find_near_boxes
from algorithms.assembly.variety import limit_needs

ROUNDS: Final = 4


def repair_boxes(wave: Wave, blocks: list[Block], chosen: Bools) -> Bools:
    """Exchange boxes for better ones from what nobody holds, until nobody gains. `chosen` (m) marks candidates."""
    chosen = chosen.copy()
    for _ in range(ROUNDS):
        if not sum(_repair_block(wave, block, chosen) for block in blocks):
            break
    return chosen


def count_left(wave: Wave, chosen: Bools) -> Ints:
    """Count the units of each sku that nobody holds (s)."""
    in_boxes: Ints = np.bincount(wave.sku[chosen], minlength=len(wave.on_hand))
    return wave.on_hand - in_boxes


def _repair_block(wave: Wave, block: Block, chosen: Bools) -> int:
    """Run one round over a block; returns how many boxes changed. Changes `chosen`.

    Clients who gain most come first, and whoever comes too late looks again at what is left.
    """
    left = count_left(wave, chosen)
    picks, gain = _find_better_boxes(block, chosen, left)
    changed = 0
    for row in np.argsort(-gain, kind="stable")[: int((gain > LOOSE).sum())]:
        changed += _exchange_box(wave, block, int(row), picks[row], chosen, left)
    return changed


def _exchange_box(wave: Wave, block: Block, row: int, picks: Ints, chosen: Bools, left: Ints) -> bool:
    """Exchange one client's box for the one picked, or for the best still possible. Changes `chosen` and `left`."""
    wanted, old = block.candidate[row, picks[picks >= 0]], _find_own(block, chosen, row)
    new = np.setdiff1d(wanted, old)
    if not (left[wave.sku[new]] > 0).all():
        again, gain = _find_better_boxes(block.select(np.array([row])), chosen, left)
        if gain[0] <= LOOSE:
            return False
        wanted = block.candidate[row, again[0][again[0] >= 0]]
    chosen[old], chosen[wanted] = False, True
    left[wave.sku[old]] += 1
    left[wave.sku[wanted]] -= 1
    return True


def _find_own(block: Block, chosen: Bools, row: int) -> Ints:
    candidates: Ints = block.candidate[row, np.isfinite(block.score[row])]
    return candidates[chosen[candidates]]


def _find_better_boxes(block: Block, chosen: Bools, left: Ints) -> tuple[Ints, Floats]:
    """Find each client's best box from what it holds and what is left, and what it gains by it."""
    real = np.isfinite(block.score)
    own = chosen[block.candidate] & real
    worth = np.where(own | ((left[block.sku] > 0) & real), block.score, -np.inf)
    now = np.where(own, block.score, 0.0).sum(1)
    block = limit_needs(block, np.isfinite(worth), own)
    good = find_good_boxes(block, worth)
    near = find_near_boxes(block, worth, good, np.minimum(good.worth - now, 0) - 2 * LOOSE)
    picks, best = good.picks.copy(), good.worth.copy()
    order = np.argsort(near.worth, kind="stable")
    for row, index in zip(near.row[order], order, strict=True):
        if near.worth[index] > best[row]:
            picks[row], best[row] = near.picks[index], near.worth[index]
    return picks, take_picked(worth, picks).sum(1) - now
