"""The last step of a small wave: one integer programme over the items that may still be in better boxes."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from algorithms.assembly.boxes import find_good_boxes
from algorithms.assembly.constraint_duals import compute_constraint_duals
from algorithms.assembly.model import Block, Bools, Floats, Wave
from algorithms.assembly.programme import build_programme

NODES: Final = 300
"""Where HiGHS stops. Never by the clock: the result must not depend on how fast the machine is."""
HOPE: Final = 1.005
"""Where the relaxation is further above the boxes than this, budgets split too many items for HiGHS to be of use."""


def polish_boxes(wave: Wave, blocks: list[Block], chosen: Bools, prices: Floats, gap: float) -> Bools:
    """Look for better boxes than the `chosen` (m) among the items that cost a client at most the `gap` in score.

    By the prices of the stock (s), of budgets and of full groups no other item is in boxes that are better by it.
    """
    cells = [_find_hopeful(block, chosen, prices, gap) for block in blocks]
    if not any(cell.any() for cell in cells):
        return chosen
    programme, objective = build_programme(wave, blocks, cells), float(wave.score[chosen].sum())
    score = wave.score[programme.candidate]
    relaxed = linprog(-score, A_ub=programme.table, b_ub=programme.limits, bounds=(0, 1), method="highs-ds")
    if relaxed.x is None or -relaxed.fun > HOPE * objective:
        return chosen
    solved = milp(
        -score,
        constraints=LinearConstraint(programme.table, -np.inf, programme.limits),
        integrality=np.ones(len(score)),
        bounds=Bounds(0, 1),
        options={"mip_rel_gap": 1e-7, "node_limit": NODES},
    )
    if solved.x is None or -solved.fun <= objective:
        return chosen
    better = np.zeros_like(chosen)
    better[programme.candidate[solved.x > 0.5]] = True
    return better


def _find_hopeful(block: Block, chosen: Bools, prices: Floats, gap: float) -> Bools:
    """Mark the cells that may be in better boxes, and those chosen."""
    there = np.isfinite(block.score) & (block.score > 0)
    worth = np.where(there, block.score - prices[block.sku], -np.inf)
    mu = find_good_boxes(block, worth).mu
    priced = worth - mu[:, None] * block.price
    priced = priced - compute_constraint_duals(block, priced)[0]
    best = -np.sort(-np.maximum(priced, 0), axis=1)
    last = best[np.arange(len(best)), block.slots - 1]
    hopeful: Bools = there & ((priced >= last[:, None] - gap) | chosen[block.candidate])
    return hopeful
