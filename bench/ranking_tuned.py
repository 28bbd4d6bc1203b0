"""`stacked` beside the best single method on made-up shops of ten kinds; each method's sizes are tuned on a fold of the
past. What tuning costs counts."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from algorithms.evaluation.ranking_evaluation import bootstrap_interval, measure_ranker
from algorithms.ranking import zoo
from algorithms.ranking.als import Als
from algorithms.ranking.data import RankingAlgorithm
from algorithms.ranking.ease import Ease
from algorithms.ranking.fallback import FallbackToRecent
from algorithms.ranking.item_cosine import ItemCosine
from algorithms.ranking.own_history import OwnHistory
from algorithms.ranking.popularity import FOREVER, ContextPopularity, Popularity
from algorithms.ranking.splits import HoldoutSplit, cut_at, split
from algorithms.ranking.top import one_thread
from bench.ranking_shops import SHOPS
from domain.arrays import Floats

SEED, K = 42, 10
SHOP_SEED: Final = 7
"""Shops drawn with other seeds were at hand while the ranking was built."""
REPEATING: Final = ("grocery", "replenishment")
"""Shops asked about what clients take again too."""
Maker = Callable[[], RankingAlgorithm]
TUNED: Final[dict[str, list[Maker]]] = {
    "popularity": [lambda h=h: Popularity(h) for h in (3.0, 7.0, 30.0, 90.0, FOREVER)],  # type: ignore[misc]
    "context": [lambda h=h: ContextPopularity(h) for h in (7.0, 30.0, 90.0)],  # type: ignore[misc]
    "cosine": [lambda: FallbackToRecent(ItemCosine())],
    "ease": [lambda r=r: FallbackToRecent(Ease(r)) for r in (20.0, 100.0, 500.0, 2_000.0)],  # type: ignore[misc]
    "als": [
        lambda f=f, r=r: FallbackToRecent(Als(f, r))  # type: ignore[misc]
        for f, r in ((32, 1.0), (32, 10.0), (64, 0.01), (64, 10.0), (128, 1.0))
    ],
    "own": [lambda h=h: OwnHistory(h) for h in (7.0, 30.0, 90.0, 180.0, FOREVER)],  # type: ignore[misc]
}


@dataclass(frozen=True)
class MethodResult:
    """The NDCG of each target, CPU seconds with tuning, and the peak of memory in MB."""

    gain: Floats
    cpu: float
    memory: float


def compare_shops() -> dict[str, float]:
    """Count the shops where `stacked` is not below the best tuned method beyond noise, and those where it is above."""
    figures: dict[str, float] = {}
    held, above, costs, memories = 0, 0, [], []
    for name in SHOPS:
        low, high, cost, memory = _compare_shop(name, figures)
        held, above = held + (high >= 0), above + (low > 0)
        costs.append(cost)
        memories.append(memory)
    totals = {"held_of_10": held, "above_of_10": above, "cpu_over_tuned": round(float(np.median(costs)), 2)}
    totals["memory_over_tuned"] = round(max(memories), 2)
    return figures | {f"ranking_shops_{name}": value for name, value in totals.items()}


def _compare_shop(name: str, figures: dict[str, float]) -> tuple[float, float, float, float]:
    repeats = name in REPEATING
    outer = split(SHOPS[name](SHOP_SEED), "time:0.8", SEED, repeats)
    singles = {family: _tune(makers, outer, repeats) for family, makers in TUNED.items()}
    stacked = _tune([lambda: zoo.make(zoo.STACKED, repeats)], outer, repeats)
    best = max(singles, key=lambda family: float(singles[family].gain.mean()))
    difference = stacked.gain - singles[best].gain
    low, high = bootstrap_interval(difference, outer.targets.client, SEED)
    print(f"  {name:<14}stacked {stacked.gain.mean():.4f}, {best} {singles[best].gain.mean():.4f}", file=sys.stderr)
    figures[f"ranking_shop_{name}_over_best"] = round(float(difference.mean()), 5)
    figures[f"ranking_shop_{name}_over_best_low"] = round(low, 5)
    cpu, memory = max(one.cpu for one in singles.values()), max(one.memory for one in singles.values())
    return low, high, stacked.cpu / cpu, stacked.memory / memory


def _tune(makers: Sequence[Maker], outer: HoldoutSplit, repeats: bool) -> MethodResult:
    """Measure the maker that ranked best for the latest fifth of the past."""
    begun, best = time.process_time(), 0
    with one_thread():
        if len(makers) > 1:
            inner = cut_at(outer.past, float(np.quantile(outer.past.at, 0.8)), repeats=repeats)
            best = int(np.argmax([measure_ranker(make(), inner, K, SEED, repeats)[0]["ndcg"] for make in makers]))
        figures, gain = measure_ranker(makers[best](), outer, K, SEED, repeats)
    return MethodResult(gain, time.process_time() - begun, figures["peak_memory_mb"])
