"""One box as an integer programme, by HiGHS: where the search would have to drop nodes."""

from __future__ import annotations

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from algorithms.assembly.model import Block, BoxWishes, Floats, Ints


def solve_box(block: Block, worth: Floats) -> Ints:
    """Return the indices, in its row, of one client's best box by `worth` (1, k)."""
    can = np.flatnonzero(np.isfinite(worth[0]))
    kinds = np.unique(block.category[0, can])
    table = np.vstack([np.ones(len(can)), block.price[0, can], block.category[0, can] == kinds[:, None]])
    highest = np.r_[block.slots[0], block.budget[0], np.full(len(kinds), block.cap[0])].astype(np.float64)
    lowest, beside = np.full(len(table), -np.inf), 0
    if block.wishes is not None:
        table, lowest, highest, beside = _add_wishes(block, block.wishes, can, table, highest)
    solved = milp(
        np.r_[-worth[0, can], np.zeros(beside)],
        constraints=LinearConstraint(table, lowest, highest),
        integrality=np.ones(len(can) + beside),
        bounds=Bounds(0, 1),
        options={"mip_rel_gap": 0.0},
    )
    best: Ints = can[solved.x[: len(can)] > 0.5]
    return best


def _add_wishes(
    block: Block, wishes: BoxWishes, can: Ints, table: Floats, highest: Floats
) -> tuple[Floats, Floats, Floats, int]:
    """Add rows for the wishes, and a column for each must-have category, 1 only where an item of it is chosen."""
    colour = wishes.colour[0, can]
    colours = np.unique(colour[colour >= 0])
    kind = np.where(wishes.must[0, can], block.category[0, can], -1)
    groups = np.unique(kind[kind >= 0])
    shown = colour == colours[:, None]
    there = (kind == groups[:, None]).astype(np.float64)
    left = np.vstack([table, shown, there, np.zeros((1, len(can)))])
    right = np.zeros((len(left), len(groups)))
    begin = len(table) + len(colours)
    right[begin : begin + len(groups)] = -np.eye(len(groups))
    right[-1] = 1.0
    lowest = np.r_[np.full(begin, -np.inf), np.zeros(len(groups)), float(wishes.need[0])]
    caps = np.full(len(colours), float(wishes.colour_cap[0]))
    return np.hstack([left, right]), lowest, np.r_[highest, caps, np.full(len(groups) + 1, np.inf)], len(groups)
