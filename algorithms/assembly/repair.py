"""After the dive: each client alone takes the best box that its own items and the stock left over allow."""

from __future__ import annotations

from typing import Final

import numpy as np

from algorithms.assembly.boxes import good_boxes, taken
from algorithms.assembly.model import Block, Bools, Floats, Ints, Wave
from algorithms.assembly.near import LOOSE, near_boxes
from algorithms.assembly.variety import attainable

ROUNDS: Final = 4


def mended(wave: Wave, blocks: list[Block], chosen: Bools) -> Bools:
    """Better boxes for all who can have one from what nobody holds, until nobody can. `chosen` (m) marks candidates."""
    chosen = chosen.copy()
    for _ in range(ROUNDS):
        if not sum(_mend(wave, block, chosen) for block in blocks):
            break
    return chosen


def left_over(wave: Wave, chosen: Bools) -> Ints:
    """What nobody holds (s)."""
    held: Ints = np.bincount(wave.sku[chosen], minlength=len(wave.on_hand))
    return wave.on_hand - held


def _mend(wave: Wave, block: Block, chosen: Bools) -> int:
    """One round over a block; those who gain most come first, and whoever comes too late looks again at what is left.
    Changes `chosen`."""
    left = left_over(wave, chosen)
    picks, gain = _best(block, chosen, left)
    changed = 0
    for row in np.argsort(-gain, kind="stable")[: int((gain > LOOSE).sum())]:
        changed += _take(wave, block, int(row), picks[row], chosen, left)
    return changed


def _take(wave: Wave, block: Block, row: int, picks: Ints, chosen: Bools, left: Ints) -> bool:
    """Exchange one client's box for the one picked, or for the best that can still be had. Changes chosen and left."""
    mine, old = block.candidate[row, picks[picks >= 0]], _held(block, chosen, row)
    new = np.setdiff1d(mine, old)
    if not (left[wave.sku[new]] > 0).all():
        again, gain = _best(block.part(np.array([row])), chosen, left)
        if gain[0] <= LOOSE:
            return False
        mine = block.candidate[row, again[0][again[0] >= 0]]
    chosen[old], chosen[mine] = False, True
    left[wave.sku[old]] += 1
    left[wave.sku[mine]] -= 1
    return True


def _held(block: Block, chosen: Bools, row: int) -> Ints:
    candidates: Ints = block.candidate[row, np.isfinite(block.score[row])]
    return candidates[chosen[candidates]]


def _best(block: Block, chosen: Bools, left: Ints) -> tuple[Ints, Floats]:
    """Each client's best box from what it holds and what is left, and what it gains by it."""
    real = np.isfinite(block.score)
    held = chosen[block.candidate] & real
    worth = np.where(held | ((left[block.sku] > 0) & real), block.score, -np.inf)
    now = np.where(held, block.score, 0.0).sum(1)
    block = attainable(block, np.isfinite(worth), held)
    good = good_boxes(block, worth)
    near = near_boxes(block, worth, good, np.minimum(good.worth - now, 0) - 2 * LOOSE)
    picks, best = good.picks.copy(), good.worth.copy()
    order = np.argsort(near.worth, kind="stable")
    for row, place in zip(near.row[order], order, strict=True):
        if near.worth[place] > best[row]:
            picks[row], best[row] = near.picks[place], near.worth[place]
    return picks, taken(worth, picks).sum(1) - now
