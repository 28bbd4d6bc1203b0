"""The quality of rankers on held-out interactions, and what they cost."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from algorithms.evaluation import ranking_metrics
from algorithms.ranking import zoo
from algorithms.ranking.data import Interactions, RankingAlgorithm
from algorithms.ranking.inner import choose_like_outer
from algorithms.ranking.returns import flag_returns
from algorithms.ranking.splits import HoldoutSplit, split
from algorithms.ranking.top import one_thread, recommend
from domain.arrays import Flags, Floats, Ints

DRAWS: Final = 1_000
SMALLEST: Final = 20
"""A slice with fewer targets is left out."""

Progress = Callable[[str], None]


def evaluate(
    interactions: Interactions,
    how: str,
    k: int,
    names: Sequence[str],
    *,
    seed: int,
    repeats: bool = False,
    progress: Progress = lambda _: None,
) -> dict[str, Any]:
    """Fit and measure each algorithm; return the figures by name. Raises BadInput when the split leaves nothing."""
    held = split(interactions, how, seed, repeats)
    cold = ~held.past.warm[held.targets.client]
    report: dict[str, Any] = {
        "interactions": len(interactions),
        "returns": int(flag_returns(interactions).sum()),
        "clients": int(interactions.warm.sum()),
        "items": len(interactions.items),
        "split": how,
        "k": k,
        "seed": seed,
        "repeats": repeats,
        "learnt_from": len(held.past),
        "asked": len(held.targets),
        "asked_cold_clients": int(cold.sum()),
        "wanted_cold_items": int(held.wanted[:, ~held.past.seen].sum()),
        "algorithms": {},
    }
    gains: dict[str, Floats] = {}
    for name in names:
        progress(name)
        algorithm = zoo.make(name, repeats, choose_like_outer(how))
        with one_thread():
            report["algorithms"][name], gains[name] = measure_ranker(algorithm, held, k, seed, repeats)
    if zoo.RECENT in gains:
        clients = held.targets.client
        for name, gain in gains.items():
            low, high = bootstrap_interval(gain - gains[zoo.RECENT], clients, seed)
            report["algorithms"][name]["ndcg_over_recent"] = [round(low, 5), round(high, 5)]
    return report


def measure_ranker(
    algorithm: RankingAlgorithm, held: HoldoutSplit, k: int, seed: int, repeats: bool = False
) -> tuple[dict[str, Any], Floats]:
    """Fit one algorithm and rank for the held-out targets; return its figures, and the NDCG of each target."""
    _reset_peak()
    started, started_cpu = time.perf_counter(), time.process_time()
    algorithm.fit(held.past, seed)
    fit_seconds, fit_cpu_seconds = time.perf_counter() - started, time.process_time() - started_cpu
    started = time.perf_counter()
    lists, _ = recommend(algorithm, held.past, held.targets, k, repeats)
    ranking_seconds = time.perf_counter() - started
    means, gain = compute_quality(lists, held)
    figures: dict[str, Any] = dict(means)
    takers = np.asarray(held.past.taken.sum(axis=0)).ravel()
    figures |= {
        "ndcg_interval": [round(end, 5) for end in bootstrap_interval(gain, held.targets.client, seed)],
        "coverage": round(ranking_metrics.coverage(lists, len(held.past.items)), 5),
        "novelty": round(ranking_metrics.novelty(lists, takers, int(held.past.warm.sum())), 3),
        "fit_seconds": round(fit_seconds, 3),
        "fit_cpu_seconds": round(fit_cpu_seconds, 3),
        "peak_memory_mb": round(_read_peak(), 1),
        "recommend_us": round(ranking_seconds / len(held.targets) * 1e6, 1),
    }
    warm = held.past.warm[held.targets.client]
    figures |= {"cold_clients": _measure_slice(lists, held, ~warm), "warm_clients": _measure_slice(lists, held, warm)}
    figures["cold_items"] = evaluate_cold_items(algorithm, held, k, repeats)
    return figures, gain


def compute_quality(lists: Ints, held: HoldoutSplit) -> tuple[dict[str, float], Floats]:
    """Compute mean recall, NDCG and MAP; and the NDCG of each target."""
    wanted = np.diff(held.wanted.indptr)
    hits = ranking_metrics.hits(lists, held.wanted)
    gain = ranking_metrics.ndcg(hits, wanted)
    means = {
        "recall": ranking_metrics.recall(hits, wanted),
        "ndcg": gain,
        "map": ranking_metrics.average_precision(hits, wanted),
    }
    return {name: round(float(values.mean()), 5) for name, values in means.items()}, gain


def evaluate_cold_items(
    algorithm: RankingAlgorithm, held: HoldoutSplit, k: int, repeats: bool = False
) -> dict[str, float] | None:
    """Measure rankings of new items alone, for targets that wanted one; None when there are fewer than SMALLEST."""
    new, rows = select_new_items(held)
    if len(rows.targets) < SMALLEST:
        return None
    lists, _ = recommend(algorithm, held.past, rows.targets, k, repeats, new)
    return compute_quality(lists, rows)[0] | {"asked": len(rows.targets)}


def select_new_items(held: HoldoutSplit) -> tuple[Ints, HoldoutSplit]:
    """Select the items that nobody took before, and the targets that wanted some, with those items alone."""
    from scipy import sparse  # noqa: PLC0415

    new = ~held.past.seen
    wanted = (held.wanted @ sparse.diags(new.astype(np.float32))).tocsr()
    wanted.eliminate_zeros()
    rows = np.diff(wanted.indptr) > 0
    return np.flatnonzero(new), HoldoutSplit(held.past, held.targets.part(rows), wanted[rows])


def bootstrap_interval(values: Floats, clients: Ints, seed: int) -> tuple[float, float]:
    """Compute the middle 95 % of the mean over clients drawn with replacement; a client's targets are drawn
    together."""
    _, group = np.unique(clients, return_inverse=True)
    total, count = np.bincount(group, values), np.bincount(group)
    rng = np.random.default_rng(seed)
    means = []
    for _ in range(DRAWS):
        drawn = rng.integers(0, len(total), len(total))
        means.append(total[drawn].sum() / count[drawn].sum())
    low, high = np.percentile(means, [2.5, 97.5]).tolist()
    return low, high


def _measure_slice(lists: Ints, held: HoldoutSplit, rows: Flags) -> dict[str, float] | None:
    if int(rows.sum()) < SMALLEST:
        return None
    return compute_quality(lists[rows], held.part(rows))[0] | {"asked": int(rows.sum())}


def _reset_peak() -> None:
    """Reset the peak of memory on Linux; elsewhere the peak of the whole process is reported."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def _read_peak() -> float:
    """Return the peak of memory in MB."""
    try:
        status = Path("/proc/self/status").read_text()
        return float(status.split("VmHWM:")[1].split()[0]) / 1024
    except (OSError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
