"""How good rankers are on what they could not know, and what they cost."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from algorithms.ranking import metrics, zoo
from algorithms.ranking.data import Algorithm, Log
from algorithms.ranking.inner import like
from algorithms.ranking.splits import Held, split
from algorithms.ranking.top import one_thread, recommend
from domain.arrays import Flags, Floats, Ints

DRAWS: Final = 1_000
SMALLEST: Final = 20
"""Targets of a slice below which it is left out."""

Step = Callable[[str], None]


def evaluate(
    log: Log, how: str, k: int, names: Sequence[str], *, seed: int, repeats: bool = False, told: Step = lambda _: None
) -> dict[str, Any]:
    """The figures of each algorithm by name. Raises BadInput when the split leaves nothing."""
    held = split(log, how, seed, repeats)
    cold = ~held.past.warm[held.asked.client]
    found: dict[str, Any] = {
        "interactions": len(log),
        "clients": int(log.warm.sum()),
        "items": len(log.items),
        "split": how,
        "k": k,
        "seed": seed,
        "repeats": repeats,
        "learnt_from": len(held.past),
        "asked": len(held.asked),
        "asked_cold_clients": int(cold.sum()),
        "wanted_cold_items": int(held.wanted[:, ~held.past.seen].sum()),
        "algorithms": {},
    }
    gains: dict[str, Floats] = {}
    for name in names:
        told(name)
        made = zoo.make(name, repeats, like(how))
        with one_thread():
            found["algorithms"][name], gains[name] = measured(made, held, k, seed, repeats)
    if zoo.RECENT in gains:
        clients = held.asked.client
        for name, gain in gains.items():
            low, high = difference(gain - gains[zoo.RECENT], clients, seed)
            found["algorithms"][name]["ndcg_over_recent"] = [round(low, 5), round(high, 5)]
    return found


def measured(made: Algorithm, held: Held, k: int, seed: int, repeats: bool = False) -> tuple[dict[str, Any], Floats]:
    """Fit and ask one; its figures, and the NDCG of each target."""
    _forget_peak()
    begun, spent = time.perf_counter(), time.process_time()
    made.fit(held.past, seed)
    fitted, cpu = time.perf_counter() - begun, time.process_time() - spent
    begun = time.perf_counter()
    lists, _ = recommend(made, held.past, held.asked, k, repeats)
    asked = time.perf_counter() - begun
    means, gain = quality(lists, held)
    figures: dict[str, Any] = dict(means)
    takers = np.asarray(held.past.taken.sum(axis=0)).ravel()
    figures |= {
        "ndcg_interval": [round(end, 5) for end in difference(gain, held.asked.client, seed)],
        "coverage": round(metrics.coverage(lists, len(held.past.items)), 5),
        "novelty": round(metrics.novelty(lists, takers, int(held.past.warm.sum())), 3),
        "fit_seconds": round(fitted, 3),
        "fit_cpu_seconds": round(cpu, 3),
        "peak_memory_mb": round(_peak(), 1),
        "recommend_us": round(asked / len(held.asked) * 1e6, 1),
    }
    warm = held.past.warm[held.asked.client]
    figures |= {"cold_clients": _slice(lists, held, ~warm), "warm_clients": _slice(lists, held, warm)}
    figures["cold_items"] = cold_items(made, held, k, repeats)
    return figures, gain


def quality(lists: Ints, held: Held) -> tuple[dict[str, float], Floats]:
    """Mean recall, NDCG and MAP; and the NDCG of each target."""
    wanted = np.diff(held.wanted.indptr)
    hits = metrics.hits(lists, held.wanted)
    gain = metrics.ndcg(hits, wanted)
    means = {
        "recall": metrics.recall(hits, wanted),
        "ndcg": gain,
        "map": metrics.average_precision(hits, wanted),
    }
    return {name: round(float(values.mean()), 5) for name, values in means.items()}, gain


def cold_items(made: Algorithm, held: Held, k: int, repeats: bool = False) -> dict[str, float] | None:
    """Asked for new items alone, of those who took some; None when hardly anybody did."""
    new, rows = only_new(held)
    if len(rows.asked) < SMALLEST:
        return None
    lists, _ = recommend(made, held.past, rows.asked, k, repeats, new)
    return quality(lists, rows)[0] | {"asked": len(rows.asked)}


def only_new(held: Held) -> tuple[Ints, Held]:
    """Items that nobody took before, and the targets that wanted some, with those alone."""
    from scipy import sparse  # noqa: PLC0415

    new = ~held.past.seen
    wanted = (held.wanted @ sparse.diags(new.astype(np.float32))).tocsr()
    wanted.eliminate_zeros()
    rows = np.diff(wanted.indptr) > 0
    return np.flatnonzero(new), Held(held.past, held.asked.part(rows), wanted[rows])


def difference(values: Floats, clients: Ints, seed: int) -> tuple[float, float]:
    """The middle 95 % of the mean over clients drawn with replacement; a client's targets are drawn together."""
    _, place = np.unique(clients, return_inverse=True)
    total, count = np.bincount(place, values), np.bincount(place)
    rng = np.random.default_rng(seed)
    means = []
    for _ in range(DRAWS):
        drawn = rng.integers(0, len(total), len(total))
        means.append(total[drawn].sum() / count[drawn].sum())
    low, high = np.percentile(means, [2.5, 97.5]).tolist()
    return low, high


def _slice(lists: Ints, held: Held, rows: Flags) -> dict[str, float] | None:
    if int(rows.sum()) < SMALLEST:
        return None
    return quality(lists[rows], held.part(rows))[0] | {"asked": int(rows.sum())}


def _forget_peak() -> None:
    """Linux counts the peak of memory anew from here on; elsewhere the peak of the whole process is told."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return


def _peak() -> float:
    """MB."""
    try:
        status = Path("/proc/self/status").read_text()
        return float(status.split("VmHWM:")[1].split()[0]) / 1024
    except (OSError, IndexError):
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
