"""The offers of a wave: for each client the boxes worth nearly the best at given prices, and the bound that follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from algorithms.assembly.boxes import find_good_boxes, take_picked
from algorithms.assembly.model import Block, Bools, Floats, Ints
from algorithms.assembly.near import LOOSE, NODES, find_near_boxes

OFFERS_PER_CLIENT: Final = 96
"""Offers for each client, the best; small waves take more, up to:"""
OFFERS_IN_ALL: Final = 10_000


@dataclass(frozen=True)
class Offers:
    """Boxes by client, in order of `client` (c): `goods` (c, t) skus, `candidates` (c, t) in the wave, `score` (c).

    An empty cell is the sku after the last, of which there is always enough, and the candidate -1.
    """

    client: Ints
    goods: Ints
    candidates: Ints
    score: Floats

    def __len__(self) -> int:
        return len(self.client)

    def select(self, rows: Ints | Bools) -> Offers:
        """Select some of the offers."""
        return Offers(self.client[rows], self.goods[rows], self.candidates[rows], self.score[rows])

    def shift(self, client: int, candidate: int) -> Offers:
        """Shift clients and candidates to the indices of the whole wave."""
        indices = np.where(self.candidates >= 0, self.candidates + candidate, -1)
        return Offers(self.client + client, self.goods, indices, self.score)

    def find_starts(self) -> Ints:
        """Find the index of each client's first offer."""
        return np.flatnonzero(np.r_[True, self.client[1:] != self.client[:-1]]) if len(self) else np.zeros(0, np.int64)

    def count_units(self, skus: int) -> Ints:
        """Count the units of each sku in all offers (s)."""
        return np.bincount(self.goods.ravel(), minlength=skus + 1)[:skus]


def find_offers(blocks: list[Block], prices: Floats, within: float, clients: int) -> Offers:
    """Find the offers worth at most `within` less than the client's best at `prices` (s).

    `clients`: how many the whole wave has; in a small one each may get more offers.
    """
    parts, limit = [], max(OFFERS_PER_CLIENT, OFFERS_IN_ALL // max(1, clients))
    for block in blocks:
        worth = block.score - prices[block.sku]
        good = find_good_boxes(block, worth)
        near = find_near_boxes(block, worth, good, np.full(len(worth), within), max(NODES, limit))
        rows = _choose_best(near.row, near.worth, limit)
        parts.append(_build_offers(block, near.row[rows], near.picks[rows], len(prices)))
    return join_offers(parts, len(prices))


def compute_bound(blocks: list[Block], prices: Floats) -> float:
    """Compute the clients' share of the wave's Lagrangian bound at any prices of at least 0.

    No box is worth more than its client's `upper` beyond what its goods cost, and all goods together cost no more than
    the stock does.
    """
    bound = 0.0
    for block in blocks:
        worth = block.score - prices[block.sku]
        good = find_good_boxes(block, worth)
        bound += float(find_near_boxes(block, worth, good, np.full(len(worth), -2 * LOOSE)).upper.sum())
    return bound


def _choose_best(row: Ints, worth: Floats, limit: int) -> Ints:
    order = np.lexsort((-worth, row))
    counts = np.bincount(row)
    rank = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    return order[rank < limit]


def _build_offers(block: Block, row: Ints, picks: Ints, none: int) -> Offers:
    theirs = block.select(row)
    goods = np.where(picks >= 0, take_picked(theirs.sku, picks), none).astype(np.int64)
    candidates = np.where(picks >= 0, take_picked(theirs.candidate, picks), -1).astype(np.int64)
    score = take_picked(np.where(np.isfinite(theirs.score), theirs.score, 0.0), picks).sum(1)
    return Offers(theirs.clients, goods, candidates, score)


def join_offers(parts: Sequence[Offers], none: int) -> Offers:
    """Join the offers of several parts in order of clients; `none`: the sku after the last."""
    most = max((part.goods.shape[1] for part in parts), default=0)
    every = Offers(
        np.concatenate([np.zeros(0, np.int64), *(part.client for part in parts)]),
        np.concatenate([np.zeros((0, most), np.int64), *(_pad(part.goods, most, none) for part in parts)]),
        np.concatenate([np.zeros((0, most), np.int64), *(_pad(part.candidates, most, -1) for part in parts)]),
        np.concatenate([np.zeros(0), *(part.score for part in parts)]),
    )
    return every.select(np.argsort(every.client, kind="stable"))


def _pad(table: Ints, most: int, empty: int) -> Ints:
    return np.pad(table, ((0, 0), (0, most - table.shape[1])), constant_values=empty)


@dataclass(frozen=True)
class PriceRefinement:
    """Prices (s) of the lowest bound met; `often` (c): the share of turns in which an offer was its client's best."""

    prices: Floats
    often: Floats


def refine_prices(offers: Offers, prices: Floats, stock: Ints, turns: int, step: float) -> PriceRefinement:
    """Refine the prices by a smoothed subgradient over the offers alone. `step` is in units of score."""
    if not len(offers):
        return PriceRefinement(prices, np.zeros(0))
    starts, skus = offers.find_starts(), len(stock)
    counts = np.diff(np.r_[starts, len(offers)])
    indices, columns = np.arange(len(offers)), np.ascontiguousarray(offers.goods.T)
    lowest, best, pull, often = np.inf, prices, np.zeros(skus), np.zeros(len(offers))
    for turn in range(turns):
        worth, cost = offers.score.copy(), np.r_[prices, 0.0]
        for column in columns:
            worth -= cost[column]
        most = np.maximum.reduceat(worth, starts)
        bound = float(np.maximum(most, 0).sum() + prices @ stock)
        if bound < lowest:
            lowest, best = bound, prices
        chosen = np.minimum.reduceat(np.where(worth == np.repeat(most, counts), indices, len(offers)), starts)
        chosen = chosen[most > 0]
        often[chosen] += 1 / turns
        demand = offers.select(chosen).count_units(skus)
        pull = 0.7 * pull + 0.3 * (demand - stock) / np.sqrt(1 + np.maximum(demand, stock))
        prices = np.maximum(0, prices + step / (1 + turn / 12) * pull)
    return PriceRefinement(best, often)
