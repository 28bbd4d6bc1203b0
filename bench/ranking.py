"""How well rankers predict what clients take next, beside baselines on the same splits; and how fast they are.

Online Retail is carried here. Rentals may not be: SELVEDGE_SCIENCE_DATA names a folder of public sets that holds them.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import faiss
import numpy as np
import pyarrow as pa
from implicit.cpu.als import AlternatingLeastSquares
from pyarrow import parquet
from scipy import sparse
from threadpoolctl import threadpool_limits

from algorithms.evaluation.ranking_evaluation import (
    bootstrap_interval,
    compute_quality,
    measure_ranker,
    select_new_items,
)
from algorithms.ranking import state, zoo
from algorithms.ranking.als import Als
from algorithms.ranking.candidates import Candidates
from algorithms.ranking.data import NONE, FeatureMatrix, Interactions, Targets
from algorithms.ranking.inner import choose_like_outer
from algorithms.ranking.popularity import Popularity
from algorithms.ranking.splits import split
from algorithms.ranking.stacked import Stacked
from algorithms.ranking.top import recommend
from bench import online_learning
from bench.ranking_tuned import compare_shops
from ingest.interaction_files import read_ranking_input

RETAIL = Path(__file__).parent / "data" / "retail.parquet"
RENTALS = "renttherunway/rentals_until_2017-06.parquet"
SEED, K = 42, 10
BASELINES = ("popularity", "decayed", "recent", "cosine", "als", "hybrid")
"""Those that speak from a history fall back on recent popularity for clients without one."""
NETWORKS = tuple(name for name in zoo.DEEP if name in zoo.NAMES)
"""Where the extra `deep` is installed, printed beside: they are ours, so no baselines."""
ITEMS, CLIENTS, FACTORS, MILLION = 100_000, 100_000, 64, 1_000_000


def measure() -> dict[str, float]:
    """Measure NDCG@10 of the stacked ranking and the best baseline on each split; then the costs."""
    figures: dict[str, float] = {}
    retail = read_ranking_input(RETAIL).interactions
    figures |= _compare("retail_time", retail, "time:2011-03-31", networks=NETWORKS)
    figures |= _compare("retail_repeats", retail, "time:2011-03-31", repeats=True)
    figures |= _compare("retail_last", retail, "leave-last-out")
    figures |= online_learning.measure("retail", retail, "2011-03-31", SEED)
    folder = os.environ.get("SELVEDGE_SCIENCE_DATA")
    if folder and (Path(folder) / RENTALS).exists():
        rentals = _read_rentals(Path(folder) / RENTALS)
        baselines = ("decayed", "recent", "als", "hybrid")
        figures |= _compare("rentals_time", rentals, "time:2016-12-31", baselines, networks=NETWORKS)
        figures |= _compare_new_items(rentals)
        figures |= online_learning.measure("rentals", rentals, "2016-12-31", SEED)
    else:
        print("ranking: no rentals under SELVEDGE_SCIENCE_DATA; they are left out", file=sys.stderr)
    return figures | compare_shops() | _measure_search() | _measure_als() | _measure_whole()


def _compare(
    name: str,
    log: Interactions,
    how: str,
    baselines: tuple[str, ...] = BASELINES,
    repeats: bool = False,
    networks: tuple[str, ...] = (),
) -> dict[str, float]:
    """Compare the NDCG of the stacked ranking and the best baseline, and the lower end of the 95 % interval.

    Networks are measured beside.
    """
    held = split(log, how, SEED, repeats)
    gains: dict[str, Any] = {}
    beside: dict[str, float] = {}
    for ranker in (*baselines, *(("own",) if repeats else ()), *networks, zoo.STACKED):
        figures, gains[ranker] = measure_ranker(
            zoo.make(ranker, repeats, choose_like_outer(how)), held, K, SEED, repeats
        )
        if ranker in networks:
            del gains[ranker]
            key = f"ranking_{name}_{ranker.replace('-', '_')}"
            beside |= {f"{key}_ndcg": figures["ndcg"], f"{key}_fit_cpu_s": figures["fit_cpu_seconds"]}
        print(f"  {name:<16}{ranker:<12}NDCG {figures['ndcg']:.5f}, recall {figures['recall']:.5f}", file=sys.stderr)
    stacked = gains.pop(zoo.STACKED)
    best = max(gains.values(), key=lambda gain: float(gain.mean()))
    return beside | {
        f"ranking_{name}_ndcg": round(float(stacked.mean()), 5),
        f"ranking_{name}_best_baseline_ndcg": round(float(best.mean()), 5),
        f"ranking_{name}_over_best": round(float((stacked - best).mean()), 5),
        f"ranking_{name}_over_best_low": round(bootstrap_interval(stacked - best, held.targets.client, SEED)[0], 5),
    }


def _compare_new_items(log: Interactions) -> dict[str, float]:
    """Compare the hybrid with the popularity of the same category, among items that nobody took before."""
    held = split(log, "time:2016-12-31", SEED)
    new, rows = select_new_items(held)
    gains = {}
    for name, ranker in (("hybrid", zoo.make("hybrid", False)), ("category", CategoryPopularity())):
        ranker.fit(held.past, SEED)
        gains[name] = compute_quality(recommend(ranker, held.past, rows.targets, K, False, new)[0], rows)[1]
    return {
        "ranking_new_items_hybrid_ndcg": round(float(gains["hybrid"].mean()), 5),
        "ranking_new_items_category_ndcg": round(float(gains["category"].mean()), 5),
        "ranking_new_items_over_category_low": round(
            bootstrap_interval(gains["hybrid"] - gains["category"], rows.targets.client, SEED)[0], 5
        ),
    }


class CategoryPopularity(Popularity):
    """How much was taken of an item's category in the last weeks."""

    def fit(self, log: Interactions, seed: int) -> None:
        words = log.item_words.matrix()
        faded = np.bincount(log.item, np.exp2(-log.age / 30.0), len(log.items))
        self.table = np.asarray(words @ (words.T @ faded), np.float32)[None, :]


def _measure_search() -> dict[str, float]:
    """Measure the search for the best ten of ITEMS by vectors in groups, like those of a factorisation, on one core."""
    faiss.omp_set_num_threads(1)
    rng = np.random.default_rng(SEED)
    groups = rng.normal(size=(200, FACTORS))
    near = groups[rng.integers(0, 200, ITEMS)] + 0.7 * rng.normal(size=(ITEMS, FACTORS))
    items = (near * rng.gamma(2.0, 0.5, (ITEMS, 1))).astype(np.float32)
    clients = groups[rng.integers(0, 200, CLIENTS)] + 0.7 * rng.normal(size=(CLIENTS, FACTORS))
    queries = clients.astype(np.float32)
    exact, index = Candidates.of(items, exact=ITEMS), Candidates.of(items)
    figures = {
        "ranking_top10_of_100000_ms": _measure_one_ms(index, queries),
        "ranking_top10_of_100000_exact_ms": _measure_one_ms(exact, queries),
        "ranking_100000_clients_s": _measure_cpu(lambda: index.nearest(queries, K)),
        "ranking_search_recall": _compute_recall(index, exact, queries[:1_000]),
    }
    return {name: round(value, 4) for name, value in figures.items()}


def _compute_recall(index: Candidates, exact: Candidates, queries: Any) -> float:
    """Compute the share of the exact lists that the index finds."""
    pairs = zip(index.nearest(queries, K)[0], exact.nearest(queries, K)[0], strict=True)
    return float(np.mean([len(np.intersect1d(found, best)) / len(best) for found, best in pairs]))


def _measure_one_ms(index: Candidates, queries: Any) -> float:
    spent = []
    for row in range(300):
        begun = time.process_time()
        index.nearest(queries[row : row + 1], K)
        spent.append(time.process_time() - begun)
    return float(np.median(spent)) * 1e3


def _measure_cpu(work: Callable[[], Any]) -> float:
    """Measure CPU seconds: others may use the machine."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def _measure_als() -> dict[str, float]:
    """Compare ours with `implicit` alone, on a million interactions; both build the matrix from arrays."""
    log = _simulate(MILLION, 50_000, 10_000)

    def direct() -> None:
        cells = (np.ones(len(log), np.float32), (log.client, log.item))
        taken = sparse.coo_matrix(cells, (len(log.clients), len(log.items))).tocsr()
        model = AlternatingLeastSquares(
            factors=FACTORS, regularization=0.01, iterations=5, random_state=SEED, num_threads=1
        )
        with threadpool_limits(1, "blas"):
            model.fit(taken, show_progress=False)

    theirs = _measure_cpu(direct)
    ours = _measure_cpu(lambda: Als(FACTORS, sweeps=5).fit(log, SEED))
    return {"ranking_als_million_s": round(ours, 2), "ranking_als_over_implicit": round(ours / theirs, 3)}


def _measure_whole() -> dict[str, float]:
    """Measure the stacked ranking from 200,000 simulated interactions to all clients' lists, and its loading time."""
    log, stacked = _simulate(200_000, 40_000, 4_000), Stacked()
    targets = Targets(np.arange(len(log.clients)), np.full(len(log.clients), NONE))
    spent = _measure_cpu(lambda: stacked.fit(log, SEED)) + _measure_cpu(lambda: recommend(stacked, log, targets, K))
    with TemporaryDirectory() as home:
        state.save(Path(home), stacked.state())
        begun = time.perf_counter()
        Stacked().restore(state.load(Path(home)))
        loaded = time.perf_counter() - begun
    return {"ranking_200000_interactions_cpu_s": round(spent, 2), "ranking_load_s": round(loaded, 4)}


def _simulate(rows: int, clients: int, items: int) -> Interactions:
    """Simulate popularity by Zipf's law, tastes in groups, over a year."""
    rng = np.random.default_rng(SEED)
    client = np.minimum(rng.exponential(clients / 4, rows), clients - 1).astype(np.int64)
    rank = np.minimum(rng.zipf(1.3, rows) - 1, items // 20 - 1)
    item = (rank * 20 + (client % 20)) % items
    return Interactions(
        tuple(f"c{n}" for n in range(clients)),
        tuple(f"i{n}" for n in range(items)),
        (),
        client,
        item.astype(np.int64),
        np.sort(rng.uniform(0, 365 * 86_400, rows)),
        np.full(rows, NONE),
        None,
        FeatureMatrix.none(items),
        FeatureMatrix.none(clients),
    )


def _read_rentals(path: Path) -> Interactions:
    """Read rentals: the occasion is the context, items have a category, clients have build and age.

    The size is left out: it belongs to the item.
    """
    table = parquet.read_table(path)
    text = {name: table.column(name).cast(pa.string()) for name in ("user_id", "item_id", "rented_for", "category")}
    people = ["user_id", "body_type", "height_in", "age", "bust_size_num"]
    with TemporaryDirectory() as home:
        folder = Path(home)
        interactions = pa.table(
            [text["user_id"], text["item_id"], table.column("review_date"), text["rented_for"]],
            names=["client_id", "item_id", "occurred_at", "context"],
        )
        _save(interactions, folder / "interactions.parquet")
        goods = pa.table([text["item_id"], text["category"]], names=["item_id", "category"])
        _save(
            goods.group_by("item_id").aggregate([("category", "max")]).rename_columns(["item_id", "category"]),
            folder / "items.parquet",
        )
        build = table.select(people).set_column(0, "user_id", text["user_id"])
        build = build.set_column(1, "body_type", table.column("body_type").cast(pa.string()))
        people_table = build.group_by("user_id").aggregate([(name, "max") for name in people[1:]])
        _save(people_table.rename_columns(["client_id", *people[1:]]), folder / "clients.parquet")
        files = [folder / f"{name}.parquet" for name in ("interactions", "items", "clients")]
        return read_ranking_input(files[0], files[1], files[2]).interactions


def _save(table: pa.Table, path: Path) -> None:
    parquet.write_table(table, path)
