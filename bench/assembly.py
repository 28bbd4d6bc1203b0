"""How near to the best possible waves of boxes come, and how fast; beside it what simpler ways reach."""

from __future__ import annotations

import time

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from algorithms.assembly.checks import find_faults
from algorithms.assembly.exact import assemble_one
from algorithms.assembly.model import Ints, Wave
from algorithms.assembly.wave import assemble
from algorithms.evaluation.greedy_boxes import assemble_greedily, assemble_with_prices
from bench.instances import instance

SIZES = {200: 50, 1_000: 60, 5_000: 60, 20_000: 60}
WHOLE = (200, 1_000)
"""HiGHS is given the whole programme at these sizes, and so much time:"""
PATIENCE = 60.0
SEED = 20_261


def measure() -> dict[str, float]:
    """Measure gaps in per cent of a valid bound and seconds by size, one box, and a day of single requests."""
    return _waves() | {"box_500_candidates_ms": round(_one_box(), 3)} | _single_requests()


def _waves() -> dict[str, float]:
    figures: dict[str, float] = {}
    for clients, candidates in SIZES.items():
        wave = instance(clients, candidates, SEED)
        begun, used = time.perf_counter(), time.process_time()
        done = assemble(wave)
        spent, used = time.perf_counter() - begun, time.process_time() - used
        if find_faults(wave, done.chosen):
            raise RuntimeError("boxes that break a rule were timed")
        name = f"wave_{clients}"
        figures |= {f"{name}_gap_pct": round(100 * done.gap, 5), f"{name}_s": round(spent, 2)}
        figures |= {f"{name}_cpu_s": round(used, 2)}
        figures[f"{name}_greedy_gap_pct"] = _gap(wave, assemble_greedily(wave), done.bound)
        if clients in WHOLE:
            figures |= _by_solver(wave, done.bound, f"wave_{clients}_highs")
    return figures


def _gap(wave: Wave, chosen: Ints, bound: float) -> float:
    return round(100 * (1 - float(wave.score[chosen].sum()) / bound), 3)


def _by_solver(wave: Wave, bound: float, name: str) -> dict[str, float]:
    """Solve the whole wave as one programme by HiGHS within PATIENCE seconds."""
    rows = wave.find_eligible()
    client, sku = wave.client[rows], wave.sku[rows]
    kinds, kind = np.unique(np.stack([client, wave.category[rows]]), axis=1, return_inverse=True)
    n, s, place = len(wave.slots), len(wave.on_hand), np.arange(len(rows))
    ones = np.ones(len(rows))
    table = sparse.csr_matrix(
        (
            np.r_[ones, wave.price[rows], ones, ones],
            (np.r_[client, n + client, 2 * n + sku, 2 * n + s + kind.ravel()], np.tile(place, 4)),
        )
    )
    limits = np.r_[wave.slots, wave.budget, wave.on_hand, wave.category_cap[kinds[0]]].astype(np.float64)
    begun = time.perf_counter()
    solved = milp(
        -wave.score[rows],
        constraints=LinearConstraint(table, -np.inf, limits[: table.shape[0]]),
        integrality=ones,
        bounds=Bounds(0, 1),
        options={"time_limit": PATIENCE, "mip_rel_gap": 1e-4},
    )
    best = 0.0 if solved.x is None else float(-solved.fun)
    return {f"{name}_gap_pct": round(100 * (1 - best / bound), 3), f"{name}_s": round(time.perf_counter() - begun, 1)}


def _one_box() -> float:
    """Measure the median of many boxes alone, 500 candidates each, budgets tight for most."""
    rng, spent = np.random.default_rng(SEED), []
    for _ in range(200):
        scores, prices = rng.beta(2, 3, 500), rng.lognormal(8.7, 0.5, 500).astype(np.int64)
        kinds = rng.integers(0, 12, 500)
        budget = int(5 * np.median(prices) * rng.uniform(0.5, 1.5))
        begun = time.perf_counter()
        assemble_one(scores, prices, kinds, 5, budget, None, 2)
        spent.append((time.perf_counter() - begun) * 1e3)
    return float(np.median(spent))


def _single_requests() -> dict[str, float]:
    """Measure a day of clients one by one, with the prices of the day before, against a wave with hindsight."""
    before, today = instance(1_000, 60, SEED, day=1), instance(1_000, 60, SEED, day=2)
    best = assemble(today).bound
    served = assemble_with_prices(today, assemble(before).prices, float(before.score.mean()))
    return {
        "single_requests_priced_pct": round(100 * float(today.score[served].sum()) / best, 2),
        "single_requests_greedy_pct": round(100 * float(today.score[assemble_greedily(today)].sum()) / best, 2),
    }
