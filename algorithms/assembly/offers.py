"""The offers of a wave: for each client the boxes worth nearly the best at given prices, and the bound that follows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from algorithms.assembly.boxes import good_boxes, taken
from algorithms.assembly.model import Block, Bools, Floats, Ints
from algorithms.assembly.near import LOOSE, NODES, near_boxes

EACH: Final = 96
"""Offers a client, the best; small waves take more, up to:"""
TOGETHER: Final = 10_000


@dataclass(frozen=True)
class Offers:
    """Boxes by client, in order of `client` (c): `goods` (c, t) skus, `candidates` (c, t) places in the wave, and
    `score` (c). An empty place is the sku after the last, of which there is always enough, and the candidate -1."""

    client: Ints
    goods: Ints
    candidates: Ints
    score: Floats

    def __len__(self) -> int:
        return len(self.client)

    def part(self, rows: Ints | Bools) -> Offers:
        """Some of them."""
        return Offers(self.client[rows], self.goods[rows], self.candidates[rows], self.score[rows])

    def moved(self, client: int, candidate: int) -> Offers:
        """The same by places in a whole of which these are a part."""
        places = np.where(self.candidates >= 0, self.candidates + candidate, -1)
        return Offers(self.client + client, self.goods, places, self.score)

    def begins(self) -> Ints:
        """Where each client's offers begin."""
        return np.flatnonzero(np.r_[True, self.client[1:] != self.client[:-1]]) if len(self) else np.zeros(0, np.int64)

    def used(self, skus: int) -> Ints:
        """Units of each sku in all of them (s)."""
        return np.bincount(self.goods.ravel(), minlength=skus + 1)[:skus]


def offers(blocks: list[Block], prices: Floats, within: float, clients: int) -> Offers:
    """Offers at `prices` (s), worth at most a share `within` less than the best, in a wave of so many `clients`."""
    found, each = [], max(EACH, TOGETHER // max(1, clients))
    for block in blocks:
        worth = block.score - prices[block.sku]
        good = good_boxes(block, worth)
        near = near_boxes(block, worth, good, within * np.abs(good.worth), max(NODES, each))
        rows = _best(near.row, near.worth, each)
        found.append(_offers(block, near.row[rows], near.picks[rows], len(prices)))
    return joined(found, len(prices))


def bound_at(blocks: list[Block], prices: Floats) -> float:
    """The clients' share of the wave's Lagrangian bound at any prices of at least 0. No box is worth more than its
    client's `upper` beyond what its goods cost, and all goods together cost no more than the stock does."""
    bound = 0.0
    for block in blocks:
        worth = block.score - prices[block.sku]
        good = good_boxes(block, worth)
        bound += float(near_boxes(block, worth, good, np.full(len(worth), -2 * LOOSE)).upper.sum())
    return bound


def _best(row: Ints, worth: Floats, each: int) -> Ints:
    order = np.lexsort((-worth, row))
    counts = np.bincount(row)
    rank = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    return order[rank < each]


def _offers(block: Block, row: Ints, picks: Ints, none: int) -> Offers:
    theirs = block.part(row)
    goods = np.where(picks >= 0, taken(theirs.sku, picks), none).astype(np.int64)
    candidates = np.where(picks >= 0, taken(theirs.candidate, picks), -1).astype(np.int64)
    score = taken(np.where(np.isfinite(theirs.score), theirs.score, 0.0), picks).sum(1)
    return Offers(theirs.clients, goods, candidates, score)


def joined(found: Sequence[Offers], none: int) -> Offers:
    """All of them together, in order of clients; `none`: the sku after the last."""
    most = max((each.goods.shape[1] for each in found), default=0)
    every = Offers(
        np.concatenate([np.zeros(0, np.int64), *(each.client for each in found)]),
        np.concatenate([np.zeros((0, most), np.int64), *(_wide(each.goods, most, none) for each in found)]),
        np.concatenate([np.zeros((0, most), np.int64), *(_wide(each.candidates, most, -1) for each in found)]),
        np.concatenate([np.zeros(0), *(each.score for each in found)]),
    )
    return every.part(np.argsort(every.client, kind="stable"))


def _wide(table: Ints, most: int, empty: int) -> Ints:
    return np.pad(table, ((0, 0), (0, most - table.shape[1])), constant_values=empty)


@dataclass(frozen=True)
class Refined:
    """`prices` (s) of the lowest bound met, and how often each offer was its client's best on the way (c), 0 to 1."""

    prices: Floats
    often: Floats


def refined(some: Offers, prices: Floats, stock: Ints, turns: int, step: float) -> Refined:
    """Better prices by a smoothed subgradient over the offers alone. `step` is in units of score."""
    if not len(some):
        return Refined(prices, np.zeros(0))
    begins, skus = some.begins(), len(stock)
    counts = np.diff(np.r_[begins, len(some)])
    places, columns = np.arange(len(some)), np.ascontiguousarray(some.goods.T)
    lowest, best, pull, often = np.inf, prices, np.zeros(skus), np.zeros(len(some))
    for turn in range(turns):
        worth, cost = some.score.copy(), np.r_[prices, 0.0]
        for column in columns:
            worth -= cost[column]
        most = np.maximum.reduceat(worth, begins)
        bound = float(np.maximum(most, 0).sum() + prices @ stock)
        if bound < lowest:
            lowest, best = bound, prices
        chosen = np.minimum.reduceat(np.where(worth == np.repeat(most, counts), places, len(some)), begins)
        chosen = chosen[most > 0]
        often[chosen] += 1 / turns
        asked = some.part(chosen).used(skus)
        pull = 0.7 * pull + 0.3 * (asked - stock) / np.sqrt(1 + np.maximum(asked, stock))
        prices = np.maximum(0, prices + step / (1 + turn / 12) * pull)
    return Refined(best, often)
