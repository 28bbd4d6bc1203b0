"""The linear relaxation of a wave, by HiGHS: prices of the stock, and the items that it gives to somebody as a whole.

Subgradients settle on wrong prices where clients are alike; here a simplex finds the right ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from algorithms.assembly.model import Block, Bools, Floats, Ints, Wave

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
    candidate = np.concatenate([block.candidate[cell] for block, cell in zip(blocks, cells, strict=True)])
    tables, limits = [], []
    for codes, cap, weight in _list_rules(blocks, cells):
        table, limit = _build_rows(codes, cap, weight)
        tables.append(table)
        limits.append(limit)
    skus, sku = np.unique(wave.sku[candidate], return_inverse=True)
    columns = np.arange(len(candidate))
    tables.append(sparse.csr_matrix((np.ones(len(columns)), (sku, columns)), shape=(len(skus), len(columns))))
    limits.append(share * wave.on_hand[skus])
    solved = linprog(
        -wave.score[candidate],
        A_ub=sparse.vstack(tables, format="csr"),
        b_ub=np.concatenate(limits),
        bounds=(0, 1),
        method="highs-ds",
    )
    prices, whole = np.zeros(len(wave.on_hand)), np.zeros(len(wave.sku), np.bool_)
    if solved.x is not None:
        prices[skus] = np.maximum(0, -solved.ineqlin.marginals[-len(skus) :])
        whole[candidate[solved.x >= WHOLE]] = True
    return Relaxation(prices, whole)


def _list_rules(blocks: list[Block], cells: list[Bools]) -> list[tuple[Ints, Floats, Floats]]:
    """List the limits of boxes: for each a code (c) of its row for every column, below 0 for none, the limit and the
    weight (c) of each."""
    pairs = list(zip(blocks, cells, strict=True))
    row = np.concatenate([np.broadcast_to(block.clients[:, None], cell.shape)[cell] for block, cell in pairs])

    def spread(values: list[Ints]) -> Floats:
        wide = [np.broadcast_to(own[:, None], cell.shape)[cell] for own, cell in zip(values, cells, strict=True)]
        return np.concatenate(wide).astype(np.float64)

    price = np.concatenate([block.price[cell] for block, cell in pairs]).astype(np.float64)
    ones = np.ones(len(row))
    rules = [(row, spread([block.slots for block in blocks]), ones)]
    rules.append((row, spread([block.budget for block in blocks]) / 100, price / 100))
    groups = [block.list_groups() for block in blocks]
    for index in range(len(groups[0])):
        codes = np.concatenate([own[index][0][cell] for own, cell in zip(groups, cells, strict=True)])
        most = int(codes.max(initial=0)) + 1
        rules.append((np.where(codes >= 0, row * most + codes, -1), spread([own[index][1] for own in groups]), ones))
    return rules


def _build_rows(codes: Ints, cap: Floats, weight: Floats) -> tuple[sparse.csr_matrix, Floats]:
    """Build the rows of one rule, without those that cannot bind."""
    columns = np.flatnonzero(codes >= 0)
    known, first, row = np.unique(codes[columns], return_index=True, return_inverse=True)
    limit = cap[columns][first]
    binds = np.bincount(row, weight[columns], minlength=len(known)) > limit
    columns, row = columns[binds[row]], row[binds[row]]
    place = np.cumsum(binds) - 1
    shape = (int(binds.sum()), len(codes))
    return sparse.csr_matrix((weight[columns], (place[row], columns)), shape=shape), limit[binds]
