"""Shadow prices of the stock: the dual of the wave, with the stock and the budgets priced."""

from __future__ import annotations

from typing import Final

import numpy as np

from algorithms.assembly.boxes import best_without_budget, good_boxes, taken
from algorithms.assembly.model import Block, Floats, Ints, Wave

TURNS: Final = 60
STEP: Final = 0.2
SMOOTH: Final = 0.7


def first_prices(wave: Wave, blocks: list[Block], turns: int = TURNS, known: Floats | None = None) -> Floats:
    """Prices (s) in units of score by a smoothed subgradient: what is asked for beyond the stock grows dearer.

    `known` prices are made better, in smaller steps and by what is asked beyond as a share of the stock: slower where
    clients differ, but where they are alike the other way comes to rest in the wrong place.

    Any prices give a valid bound; these are some hundredths of a per cent above the best.
    """
    if not blocks:
        return np.zeros(len(wave.on_hand))
    usual = float(np.mean(np.concatenate([block.score[np.isfinite(block.score)] for block in blocks])))
    prices = np.zeros(len(wave.on_hand)) if known is None else known
    best, pull, lowest = prices, np.zeros(len(prices)), np.inf
    budgets = [_budget_prices(block, known) for block in blocks]
    money = [np.maximum(block.budget / block.slots, 1.0) for block in blocks]
    begin, share = 0 if known is None else TURNS, 1 + wave.on_hand
    for turn in range(begin, begin + turns):
        step = STEP * usual / (1 + turn / 12) ** (1.0 if known is None else 1.5)
        asked, bound = np.zeros(len(prices), np.int64), float(prices @ wave.on_hand)
        for place, block in enumerate(blocks):
            mu = budgets[place]
            picks, total = best_without_budget(block, block.score - prices[block.sku] - mu[:, None] * block.price)
            bound += float(total.sum() + mu @ block.budget)
            asked += demand(block, picks, len(prices))
            excess = (taken(block.price, picks).sum(1) - block.budget) / money[place]
            budgets[place] = np.maximum(0, mu + 1.5 * step * excess / money[place])
        if bound < lowest:
            lowest, best = bound, prices
        pull = SMOOTH * pull + (1 - SMOOTH) * (asked - wave.on_hand) / (
            np.sqrt(np.maximum(share, 1 + asked)) if known is None else share
        )
        prices = np.maximum(0, prices + step * pull)
    return best


def _budget_prices(block: Block, known: Floats | None) -> Floats:
    return np.zeros(len(block.clients)) if known is None else good_boxes(block, block.score - known[block.sku]).mu


def demand(block: Block, picks: Ints, skus: int) -> Ints:
    """How often each sku is picked (s)."""
    rows, turns = np.nonzero(picks >= 0)
    return np.bincount(block.sku[rows, picks[rows, turns]], minlength=skus)
