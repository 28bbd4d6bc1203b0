"""The linear relaxation of a wave, by HiGHS: prices of the stock, and the items that it gives to somebody as a whole.

Subgradients settle on wrong prices where clients are alike; here a simplex finds the right ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.optimize import linprog

from algorithms.assembly.model import Block, Bools, Floats, Wave
from algorithms.assembly.programme import build_programme

PART: Final = 5_000
"""Larger waves are cut into parts of so many clients, each with its share of the stock; prices are averaged."""
WHOLE: Final = 1 - 1e-6


@dataclass(frozen=True)
class Relaxation:
    """Prices (s), at least 0, and the candidates (m) that the relaxation gives as a whole; they keep the limits."""

    prices: Floats
    whole: Bools


def solve_relaxation(wave: Wave, blocks: list[Block]) -> Relaxation:
    """Solve the linear relaxation. Must-haves are left out: they may be out of reach."""
    cells = [np.isfinite(block.score) & (block.score > 0) for block in blocks]
    parts = -(-len(wave.slots) // PART)
    solved = []
    for part in range(parts):
        own = [cell & (block.clients % parts == part)[:, None] for cell, block in zip(cells, blocks, strict=True)]
        solved.append(_solve(wave, blocks, own, 1 / parts))
    whole: Bools = np.any([result.whole for result in solved], axis=0)
    return Relaxation(np.mean([result.prices for result in solved], axis=0), whole)


def _solve(wave: Wave, blocks: list[Block], cells: list[Bools], share: float) -> Relaxation:
    """Solve it over the `cells` of the blocks against a `share` of the stock."""
    prices, whole = np.zeros(len(wave.on_hand)), np.zeros(len(wave.sku), np.bool_)
    if not any(cell.any() for cell in cells):
        return Relaxation(prices, whole)
    programme = build_programme(wave, blocks, cells, share)
    solved = linprog(
        -wave.score[programme.candidate],
        A_ub=programme.table,
        b_ub=programme.limits,
        bounds=(0, 1),
        method="highs-ds",
    )
    if solved.x is not None:
        prices[programme.skus] = np.maximum(0, -solved.ineqlin.marginals[-len(programme.skus) :])
        whole[programme.candidate[solved.x >= WHOLE]] = True
    return Relaxation(prices, whole)
