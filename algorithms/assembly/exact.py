"""One box alone, to its optimum."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from algorithms.assembly.boxes import good_boxes
from algorithms.assembly.model import NO_LIMIT, Block, Floats, Ints, Wave, blocks
from algorithms.assembly.near import LOOSE, near_boxes

NODES: Final = 20_000


def assemble_one(
    scores: Floats,
    prices: Ints,
    categories: Ints,
    slots: int = 5,
    budget: int | None = None,
    item_cap: int | None = None,
    category_cap: int | None = None,
) -> Ints:
    """Places of the items whose summed score is greatest. Shapes (k); money in cents; None: no limit."""

    def limit(value: int | None) -> Ints:
        return np.array([NO_LIMIT if value is None else value])

    count = len(scores)
    wave = Wave(
        np.array([slots]), limit(budget), limit(item_cap), limit(category_cap), np.ones(count, np.int64),
        np.zeros(count, np.int64), np.arange(count), categories, prices, scores,
    )  # fmt: skip
    parts = blocks(wave)
    return np.sort(parts[0].candidate[0, best_box(parts[0], parts[0].score)]) if parts else np.zeros(0, np.int64)


def best_box(block: Block, worth: Floats, nodes: int = NODES) -> Ints:
    """Places in the row of the one client's best box by `worth` (1, k). Past so many `nodes` a solver takes over."""
    good = good_boxes(block, worth)
    if good.upper[0] <= good.worth[0] + LOOSE:
        return _there(good.picks[0])
    near = near_boxes(block, worth, good, np.array([-2 * LOOSE]), nodes)
    if near.upper[0] > max(near.worth.max(initial=0.0), good.worth[0]) + 3 * LOOSE:
        return _by_solver(block, worth)
    return _there(near.picks[near.worth.argmax()] if len(near.worth) else good.picks[0])


def _there(picks: Ints) -> Ints:
    return picks[picks >= 0]


def _by_solver(block: Block, worth: Floats) -> Ints:
    """By HiGHS, for the rare box with so many near ties that the search had to drop nodes."""
    can = np.flatnonzero(worth[0] > 0)
    kinds = np.unique(block.category[0, can])
    table = np.vstack([np.ones(len(can)), block.price[0, can], block.category[0, can] == kinds[:, None]])
    limits = np.r_[block.slots[0], block.budget[0], np.full(len(kinds), block.cap[0])].astype(np.float64)
    solved = milp(
        -worth[0, can],
        constraints=LinearConstraint(table, -np.inf, limits),
        integrality=np.ones(len(can)),
        bounds=Bounds(0, 1),
        options={"mip_rel_gap": 0.0},
    )
    best: Ints = can[solved.x > 0.5]
    return best
