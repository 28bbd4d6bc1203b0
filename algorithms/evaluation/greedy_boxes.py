"""Requests served one after another, each with its exact best box from what is left.

Without prices this is the baseline of every wave; with prices it is how requests between waves are served.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from algorithms.assembly.exact import find_best_box
from algorithms.assembly.model import Block, Floats, Ints, Wave, build_blocks
from algorithms.assembly.variety import limit_needs
from domain.stock_prices import compute_price


def assemble_greedily(wave: Wave) -> Ints:
    """Choose candidates (indices) in the order of the requests, with the stock free to whoever comes first."""
    nothing = np.zeros(len(wave.on_hand))
    return _serve_in_order(wave, lambda _left, _share: nothing)


def assemble_with_prices(wave: Wave, prices: Floats, usual: float) -> Ints:
    """Choose candidates (indices) in the order of the requests, where each client pays for the stock.

    `prices` (s) are those of an earlier wave whose mean score was `usual`.
    """
    return _serve_in_order(wave, lambda left, share: compute_price(prices, left, wave.on_hand, share, usual))


def _serve_in_order(wave: Wave, cost: Callable[[Ints, float], Floats]) -> Ints:
    left, chosen = wave.on_hand.copy(), []
    singles = ((int(client), part, row) for part in build_blocks(wave) for row, client in enumerate(part.clients))
    for client, part, row in sorted(singles, key=lambda single: single[0]):
        picks = _choose_box(part.select(np.array([row])), left, cost(left, client / len(wave.slots)))
        chosen.append(picks)
        left[wave.sku[picks]] -= 1
    return np.sort(np.concatenate(chosen)) if chosen else np.zeros(0, np.int64)


def _choose_box(block: Block, left: Ints, cost: Floats) -> Ints:
    """Choose the candidates of one client."""
    worth = np.where(left[block.sku] > 0, block.score - cost[block.sku], -np.inf)
    picked: Ints = block.candidate[0, find_best_box(limit_needs(block, np.isfinite(worth)), worth)]
    return picked
