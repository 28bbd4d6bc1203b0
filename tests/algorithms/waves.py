"""Small waves drawn at random, and their best boxes by trying everything or by a general solver."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, milp

from algorithms.assembly.model import NO_LIMIT, Wave


def draw_wave(seed: int, clients: int, candidates: int, skus: int, *, decimals: int = 6, kinds: int = 4) -> Wave:
    """A wave with limits of every sort, some of them none, and scores below zero."""
    rng = np.random.default_rng(seed)
    sku = np.array([rng.choice(skus, candidates, replace=False) for _ in range(clients)])
    kind, price = rng.integers(0, kinds, skus), rng.integers(100, 9_000, skus)

    def with_gaps(values):
        return np.where(rng.random(clients) < 0.3, NO_LIMIT, values)

    return Wave(
        rng.integers(0, 6, clients),
        with_gaps(rng.integers(3_000, 25_000, clients)),
        with_gaps(rng.integers(4_000, 9_000, clients)),
        with_gaps(rng.integers(0, 4, clients)),
        rng.integers(0, 4, skus),
        np.repeat(np.arange(clients), candidates),
        sku.ravel(),
        kind[sku].ravel(),
        price[sku].ravel(),
        np.round(rng.normal(0.4, 0.3, sku.size), decimals),
    )


def find_best_by_trying(wave: Wave, client: int) -> float:
    """The best summed score of one client, alone: every set of candidates is tried."""
    candidates = np.flatnonzero((wave.client == client) & (wave.on_hand[wave.sku] > 0))
    best = 0.0
    for size in range(1, min(int(wave.slots[client]), len(candidates)) + 1):
        for chosen in combinations(candidates.tolist(), size):
            box = np.array(chosen)
            fits = (
                wave.price[box].sum() <= wave.budget[client]
                and wave.price[box].max() <= wave.item_cap[client]
                and np.bincount(wave.category[box]).max() <= wave.category_cap[client]
            )
            best = max(best, float(wave.score[box].sum())) if fits else best
    return best


def find_best_by_solver(wave: Wave) -> float:
    """The best summed score of the whole wave, by HiGHS to the end; the programme is written row by row."""
    rows, limits = [], []

    def rule(members, weight, limit):
        if limit < NO_LIMIT:
            rows.append(np.where(members, weight, 0).astype(float))
            limits.append(float(limit))

    for client in range(len(wave.slots)):
        candidates = wave.client == client
        rule(candidates, 1, wave.slots[client])
        rule(candidates, wave.price, wave.budget[client])
        rule(candidates & (wave.price > wave.item_cap[client]), 1, 0)
        for kind in np.unique(wave.category):
            rule(candidates & (wave.category == kind), 1, wave.category_cap[client])
    for sku, units in enumerate(wave.on_hand):
        rule(wave.sku == sku, 1, units)
    solved = milp(
        -wave.score,
        constraints=LinearConstraint(np.array(rows), -np.inf, np.array(limits)),
        integrality=np.ones(len(wave.score)),
        bounds=Bounds(0, 1),
        options={"mip_rel_gap": 0.0},
    )
    return float(-solved.fun)


def draw_tight_wave(seed: int, clients: int, candidates: int = 8) -> Wave:
    """A wave with prices of a few cents, so that many boxes cost their budget to the cent; nothing is short."""
    rng = np.random.default_rng(seed)
    size = clients * candidates
    return Wave(
        rng.integers(1, 5, clients),
        rng.integers(4, 20, clients),
        np.full(clients, NO_LIMIT),
        rng.integers(1, 4, clients),
        np.ones(size, np.int64),
        np.repeat(np.arange(clients), candidates),
        np.arange(size),
        rng.integers(0, 3, size),
        rng.integers(1, 10, size),
        rng.random(size),
    )


def find_best_of_all_sets(wave: Wave, candidates: int = 8) -> np.ndarray:
    """The best summed score of each client of `draw_tight_wave`, by trying every set of candidates at once."""
    sets = (np.arange(2**candidates)[:, None] >> np.arange(candidates)) & 1
    shape = (len(wave.slots), candidates)
    price, score = wave.price.reshape(shape) @ sets.T, wave.score.reshape(shape) @ sets.T
    kinds = [(wave.category.reshape(shape) == kind).astype(int) @ sets.T for kind in range(3)]
    fits = (price <= wave.budget[:, None]) & (np.max(kinds, axis=0) <= wave.category_cap[:, None])
    best: np.ndarray = np.where(fits & (sets.sum(1) <= wave.slots[:, None]), score, 0.0).max(1)
    return best
