"""The baseline: clients in the order of the file, each its exact best box from the stock that is left."""

from __future__ import annotations

import numpy as np

from algorithms.assembly.exact import best_box
from algorithms.assembly.model import Block, Floats, Ints, Wave, blocks


def greedy(wave: Wave, prices: Floats | None = None) -> Ints:
    """Places of the chosen candidates. With `prices` (s) each box pays them, as single requests between waves do."""
    cost = np.zeros(len(wave.on_hand)) if prices is None else prices
    left, chosen = wave.on_hand.copy(), []
    singles = sorted(blocks(wave), key=lambda part: int(part.clients[0]))
    where = sorted(
        ((int(client), part, row) for part in singles for row, client in enumerate(part.clients)),
        key=lambda each: each[0],
    )
    for _, part, row in where:
        picks = _one(part.part(np.array([row])), left, cost)
        chosen.append(picks)
        left[wave.sku[picks]] -= 1
    return np.sort(np.concatenate(chosen)) if chosen else np.zeros(0, np.int64)


def _one(block: Block, left: Ints, cost: Floats) -> Ints:
    """The candidates that one client takes."""
    worth = np.where(left[block.sku] > 0, block.score - cost[block.sku], -np.inf)
    taken: Ints = block.candidate[0, best_box(block, worth)]
    return taken
