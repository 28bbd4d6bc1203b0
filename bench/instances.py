"""Seeded instances of a wave as a shop meets them: popularity by Zipf's law, too few of the loved, tight budgets."""

from __future__ import annotations

import numpy as np

from algorithms.assembly.boxes import find_good_boxes, take_picked
from algorithms.assembly.model import NO_LIMIT, Floats, Ints, Wave, build_blocks

SLOTS, CAP, KINDS = 5, 2, 12
PLENTY = 1.1
"""Units in stock for every slot."""


def instance(clients: int, candidates: int, seed: int, day: int = 0) -> Wave:
    """Build a wave of `clients` with so many candidates each.

    The same seed is the same shop: on another `day` other clients come with other tastes and budgets to the same goods
    and the same stock.
    """
    shop, today = np.random.default_rng(seed), np.random.default_rng([seed, day])
    skus = max(2 * candidates, clients // 2)
    popular = np.arange(1, skus + 1) ** -0.9
    popular /= popular.sum()
    kind, price = shop.integers(0, KINDS, skus), shop.lognormal(np.log(6_000), 0.5, skus).astype(np.int64)
    spread = popular**0.35
    stock = shop.multinomial(int(PLENTY * SLOTS * clients), spread / spread.sum())
    sku = _candidates(today, np.log(popular), clients, candidates)
    liked = 0.35 * (1 - np.log(np.arange(1, skus + 1)) / np.log(skus))
    score = np.round(np.maximum(0.65 * today.beta(2, 3, sku.shape) + liked[sku], 0.01), 6)
    free = np.full(clients, NO_LIMIT)
    wave = Wave(
        np.full(clients, SLOTS), free, free, np.full(clients, CAP), stock.astype(np.int64),
        np.repeat(np.arange(clients), candidates), sku.ravel(), kind[sku].ravel(), price[sku].ravel(), score.ravel(),
    )  # fmt: skip
    return _with_budgets(wave, today)


def _candidates(rng: np.random.Generator, weight: Floats, clients: int, candidates: int) -> Ints:
    """Draw without replacement, by popularity (Gumbel's top-k)."""
    drawn = [
        np.argpartition(-(weight + rng.gumbel(size=(1, len(weight)))[0]), candidates)[:candidates]
        for _ in range(clients)
    ]
    return np.sort(np.array(drawn), axis=1)


def _with_budgets(wave: Wave, rng: np.random.Generator) -> Wave:
    """Draw budgets below what the box that a client would like best costs, for two in five."""
    wished = np.zeros(len(wave.slots))
    for part in build_blocks(wave):
        wished[part.clients] = take_picked(part.price, find_good_boxes(part, part.score).picks).sum(1)
    tight = rng.random(len(wished)) < 0.4
    budget = (wished * np.where(tight, rng.uniform(0.6, 0.95, len(wished)), 2.0)).astype(np.int64)
    return Wave(**{**wave.__dict__, "budget": budget})
