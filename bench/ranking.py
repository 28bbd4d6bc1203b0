"""How well rankers foretell what clients take next, beside baselines on the same splits; and how fast they are.

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

from algorithms.ranking import state, zoo
from algorithms.ranking.als import Als
from algorithms.ranking.candidates import Candidates, recall
from algorithms.ranking.data import NONE, Asked, FeatureMatrix, Log
from algorithms.ranking.evaluation import difference, measured, only_new, quality
from algorithms.ranking.inner import like
from algorithms.ranking.popularity import Popularity
from algorithms.ranking.splits import split
from algorithms.ranking.stacked import Champion
from algorithms.ranking.top import recommend
from bench import came_since
from ingest.interaction_files import read_question

RETAIL = Path(__file__).parent / "data" / "retail.parquet"
RENTALS = "renttherunway/rentals_until_2017-06.parquet"
SEED, K = 42, 10
BASELINES = ("popularity", "decayed", "recent", "cosine", "als", "hybrid")
"""Those that speak from a history fall back on recent popularity for clients without one."""
NETWORKS = tuple(name for name in zoo.DEEP if name in zoo.NAMES)
"""Where the extra `deep` is installed, told beside: they are ours, so no baselines."""
ITEMS, CLIENTS, FACTORS, MILLION = 100_000, 100_000, 64, 1_000_000


def measure() -> dict[str, float]:
    """NDCG@10 of the champion and the best baseline on each split; then the costs."""
    found: dict[str, float] = {}
    retail = read_question(RETAIL).log
    found |= _compared("retail_time", retail, "time:2011-03-31", networks=NETWORKS)
    found |= _compared("retail_repeats", retail, "time:2011-03-31", repeats=True)
    found |= _compared("retail_last", retail, "leave-last-out")
    found |= came_since.measure("retail", retail, "2011-03-31", SEED)
    folder = os.environ.get("SELVEDGE_SCIENCE_DATA")
    if folder and (Path(folder) / RENTALS).exists():
        rentals = _rentals(Path(folder) / RENTALS)
        some = ("decayed", "recent", "als", "hybrid")
        found |= _compared("rentals_time", rentals, "time:2016-12-31", some, networks=NETWORKS)
        found |= _new_items(rentals)
        found |= came_since.measure("rentals", rentals, "2016-12-31", SEED)
    else:
        print("ranking: no rentals under SELVEDGE_SCIENCE_DATA; they are left out", file=sys.stderr)
    return found | _search() | _als() | _whole()


def _compared(
    name: str,
    log: Log,
    how: str,
    baselines: tuple[str, ...] = BASELINES,
    repeats: bool = False,
    networks: tuple[str, ...] = (),
) -> dict[str, float]:
    """NDCG of both, and the lower end of what lies between them, in 95 of 100 draws of clients; and of networks."""
    held = split(log, how, SEED, repeats)
    gains: dict[str, Any] = {}
    beside: dict[str, float] = {}
    for each in (*baselines, *(("own",) if repeats else ()), *networks, zoo.CHAMPION):
        figures, gains[each] = measured(zoo.make(each, repeats, like(how)), held, K, SEED, repeats)
        if each in networks:
            del gains[each]
            place = f"ranking_{name}_{each.replace('-', '_')}"
            beside |= {f"{place}_ndcg": figures["ndcg"], f"{place}_fit_cpu_s": figures["fit_cpu_seconds"]}
        print(f"  {name:<16}{each:<12}NDCG {figures['ndcg']:.5f}, recall {figures['recall']:.5f}", file=sys.stderr)
    champion = gains.pop(zoo.CHAMPION)
    best = max(gains.values(), key=lambda gain: float(gain.mean()))
    return beside | {
        f"ranking_{name}_ndcg": round(float(champion.mean()), 5),
        f"ranking_{name}_best_baseline_ndcg": round(float(best.mean()), 5),
        f"ranking_{name}_over_best": round(float((champion - best).mean()), 5),
        f"ranking_{name}_over_best_low": round(difference(champion - best, held.asked.client, SEED)[0], 5),
    }


def _new_items(log: Log) -> dict[str, float]:
    """The hybrid against the popularity of the same category, among items that nobody took before."""
    held = split(log, "time:2016-12-31", SEED)
    new, rows = only_new(held)
    gains = {}
    for name, made in (("hybrid", zoo.make("hybrid", False)), ("category", _Category())):
        made.fit(held.past, SEED)
        gains[name] = quality(recommend(made, held.past, rows.asked, K, False, new)[0], rows)[1]
    return {
        "ranking_new_items_hybrid_ndcg": round(float(gains["hybrid"].mean()), 5),
        "ranking_new_items_category_ndcg": round(float(gains["category"].mean()), 5),
        "ranking_new_items_over_category_low": round(
            difference(gains["hybrid"] - gains["category"], rows.asked.client, SEED)[0], 5
        ),
    }


class _Category(Popularity):
    """How much was taken of an item's category in the last weeks."""

    def fit(self, log: Log, seed: int) -> None:
        words = log.item_words.matrix()
        faded = np.bincount(log.item, np.exp2(-log.age / 30.0), len(log.items))
        self.table = np.asarray(words @ (words.T @ faded), np.float32)[None, :]


def _search() -> dict[str, float]:
    """The best ten of ITEMS by vectors in groups, as those of a factorisation are; on one core."""
    faiss.omp_set_num_threads(1)
    rng = np.random.default_rng(SEED)
    groups = rng.normal(size=(200, FACTORS))
    near = groups[rng.integers(0, 200, ITEMS)] + 0.7 * rng.normal(size=(ITEMS, FACTORS))
    items = (near * rng.gamma(2.0, 0.5, (ITEMS, 1))).astype(np.float32)
    clients = groups[rng.integers(0, 200, CLIENTS)] + 0.7 * rng.normal(size=(CLIENTS, FACTORS))
    asked = clients.astype(np.float32)
    exact, index = Candidates.of(items, exact=ITEMS), Candidates.of(items)
    found = {
        "ranking_top10_of_100000_ms": _one_ms(index, asked),
        "ranking_top10_of_100000_exact_ms": _one_ms(exact, asked),
        "ranking_100000_clients_s": _cpu(lambda: index.nearest(asked, K)),
        "ranking_search_recall": recall(index.nearest(asked[:1_000], K)[0], exact.nearest(asked[:1_000], K)[0]),
    }
    return {name: round(value, 4) for name, value in found.items()}


def _one_ms(index: Candidates, asked: Any) -> float:
    spent = []
    for place in range(300):
        begun = time.process_time()
        index.nearest(asked[place : place + 1], K)
        spent.append(time.process_time() - begun)
    return float(np.median(spent)) * 1e3


def _cpu(work: Callable[[], Any]) -> float:
    """CPU seconds: others may use the machine."""
    begun = time.process_time()
    work()
    return time.process_time() - begun


def _als() -> dict[str, float]:
    """Ours over `implicit` alone, on a million interactions; both build the matrix from arrays."""
    log = _made_up(MILLION, 50_000, 10_000)

    def direct() -> None:
        cells = (np.ones(len(log), np.float32), (log.client, log.item))
        taken = sparse.coo_matrix(cells, (len(log.clients), len(log.items))).tocsr()
        model = AlternatingLeastSquares(
            factors=FACTORS, regularization=0.01, iterations=5, random_state=SEED, num_threads=1
        )
        with threadpool_limits(1, "blas"):
            model.fit(taken, show_progress=False)

    theirs = _cpu(direct)
    ours = _cpu(lambda: Als(FACTORS, sweeps=5).fit(log, SEED))
    return {"ranking_als_million_s": round(ours, 2), "ranking_als_over_implicit": round(ours / theirs, 3)}


def _whole() -> dict[str, float]:
    """The champion from 200,000 made-up interactions to a list for each client, and how soon it is back from disk."""
    log, champion = _made_up(200_000, 40_000, 4_000), Champion()
    asked = Asked(np.arange(len(log.clients)), np.full(len(log.clients), NONE))
    spent = _cpu(lambda: champion.fit(log, SEED)) + _cpu(lambda: recommend(champion, log, asked, K))
    with TemporaryDirectory() as home:
        state.save(Path(home), champion.state())
        begun = time.perf_counter()
        Champion().restore(state.load(Path(home)))
        loaded = time.perf_counter() - begun
    return {"ranking_200000_interactions_cpu_s": round(spent, 2), "ranking_load_s": round(loaded, 4)}


def _made_up(rows: int, clients: int, items: int) -> Log:
    """Popularity by Zipf's law, tastes in groups, over a year."""
    rng = np.random.default_rng(SEED)
    client = np.minimum(rng.exponential(clients / 4, rows), clients - 1).astype(np.int64)
    rank = np.minimum(rng.zipf(1.3, rows) - 1, items // 20 - 1)
    item = (rank * 20 + (client % 20)) % items
    return Log(
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


def _rentals(path: Path) -> Log:
    """The occasion is the context; items have a category, clients their build and age, no size: that is the item's."""
    table = parquet.read_table(path)
    text = {name: table.column(name).cast(pa.string()) for name in ("user_id", "item_id", "rented_for", "category")}
    people = ["user_id", "body_type", "height_in", "age", "bust_size_num"]
    with TemporaryDirectory() as home:
        place = Path(home)
        interactions = pa.table(
            [text["user_id"], text["item_id"], table.column("review_date"), text["rented_for"]],
            names=["client_id", "item_id", "occurred_at", "context"],
        )
        _kept(interactions, place / "interactions.parquet")
        goods = pa.table([text["item_id"], text["category"]], names=["item_id", "category"])
        _kept(
            goods.group_by("item_id").aggregate([("category", "max")]).rename_columns(["item_id", "category"]),
            place / "items.parquet",
        )
        build = table.select(people).set_column(0, "user_id", text["user_id"])
        build = build.set_column(1, "body_type", table.column("body_type").cast(pa.string()))
        each = build.group_by("user_id").aggregate([(name, "max") for name in people[1:]])
        _kept(each.rename_columns(["client_id", *people[1:]]), place / "clients.parquet")
        files = [place / f"{name}.parquet" for name in ("interactions", "items", "clients")]
        return read_question(files[0], files[1], files[2]).log


def _kept(table: pa.Table, path: Path) -> None:
    parquet.write_table(table, path)
