"""One request after another, each its exact best box from what is left: bare it is the baseline of every wave, with
prices it is how requests between waves are served."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from algorithms.assembly.exact import best_box
from algorithms.assembly.model import Block, Floats, Ints, Wave, blocks
from algorithms.assembly.variety import attainable
from domain.stock_prices import price_now


def greedy(wave: Wave) -> Ints:
    """Places of the chosen candidates when the stock is free to whoever comes first, in the order of the requests."""
    nothing = np.zeros(len(wave.on_hand))
    return _one_by_one(wave, lambda _left, _share: nothing)


def priced(wave: Wave, prices: Floats, usual: float) -> Ints:
    """The same when each pays for the stock, by the prices (s) of an earlier wave whose mean score was `usual`."""
    return _one_by_one(wave, lambda left, share: price_now(prices, left, wave.on_hand, share, usual))


def _one_by_one(wave: Wave, cost: Callable[[Ints, float], Floats]) -> Ints:
    left, chosen = wave.on_hand.copy(), []
    singles = ((int(client), part, row) for part in blocks(wave) for row, client in enumerate(part.clients))
    for client, part, row in sorted(singles, key=lambda single: single[0]):
        picks = _one(part.part(np.array([row])), left, cost(left, client / len(wave.slots)))
        chosen.append(picks)
        left[wave.sku[picks]] -= 1
    return np.sort(np.concatenate(chosen)) if chosen else np.zeros(0, np.int64)


def _one(block: Block, left: Ints, cost: Floats) -> Ints:
    """The candidates that one client takes."""
    worth = np.where(left[block.sku] > 0, block.score - cost[block.sku], -np.inf)
    taken: Ints = block.candidate[0, best_box(attainable(block, np.isfinite(worth)), worth)]
    return taken
