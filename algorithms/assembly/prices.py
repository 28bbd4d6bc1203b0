"""Shadow prices of the stock: the dual of the wave, with the stock and the budgets priced."""

from __future__ import annotations

from typing import Final

import numpy as np

from algorithms.assembly.boxes import find_best_without_budget, find_good_boxes, take_picked
from algorithms.assembly.model import Block, Floats, Ints, Wave

TURNS: Final = 60
STEP: Final = 0.2
SMOOTH: Final = 0.7


def compute_prices(wave: Wave, blocks: list[Block], turns: int = TURNS, known: Floats | None = None) -> Floats:
    """Compute prices (s), in units of score, by a smoothed subgradient: demand beyond the stock raises a price.

    `known` prices are improved in smaller steps, by the excess demand as a share of the stock. That is slower where
    clients differ, but where they are alike the other way settles on wrong prices. Any prices give a valid bound; these
    are some hundredths of a per cent above the best.
    """
    if not blocks:
        return np.zeros(len(wave.on_hand))
    usual = float(np.mean(np.concatenate([block.score[np.isfinite(block.score)] for block in blocks])))
    prices = np.zeros(len(wave.on_hand)) if known is None else known
    best, pull, lowest = prices, np.zeros(len(prices)), np.inf
    budgets = [_compute_budget_prices(block, known) for block in blocks]
    money = [np.maximum(block.budget / block.slots, 1.0) for block in blocks]
    begin, share = 0 if known is None else TURNS, 1 + wave.on_hand
    for turn in range(begin, begin + turns):
        step = STEP * usual / (1 + turn / 12) ** (1.0 if known is None else 1.5)
        wanted, bound = np.zeros(len(prices), np.int64), float(prices @ wave.on_hand)
        for index, block in enumerate(blocks):
            mu = budgets[index]
            picks, total = find_best_without_budget(block, block.score - prices[block.sku] - mu[:, None] * block.price)
            bound += float(total.sum() + mu @ block.budget)
            wanted += count_demand(block, picks, len(prices))
            excess = (take_picked(block.price, picks).sum(1) - block.budget) / money[index]
            budgets[index] = np.maximum(0, mu + 1.5 * step * excess / money[index])
        if bound < lowest:
            lowest, best = bound, prices
        pull = SMOOTH * pull + (1 - SMOOTH) * (wanted - wave.on_hand) / (
            np.sqrt(np.maximum(share, 1 + wanted)) if known is None else share
        )
        prices = np.maximum(0, prices + step * pull)
    return best


def _compute_budget_prices(block: Block, known: Floats | None) -> Floats:
    return np.zeros(len(block.clients)) if known is None else find_good_boxes(block, block.score - known[block.sku]).mu


def count_demand(block: Block, picks: Ints, skus: int) -> Ints:
    """Count how often each sku is picked (s)."""
    rows, turns = np.nonzero(picks >= 0)
    return np.bincount(block.sku[rows, picks[rows, turns]], minlength=skus)
