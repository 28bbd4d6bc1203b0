"""Whether the served answers are as good as the ranking's own: NDCG@10 on a time split, measured through the API.

A made-up shop knows what its clients did until some days ago; what they did since is what the answers are to foretell.
The ranking's own answers come from the recommender, which loads a client and ranks them alone, as for a mail.
"""

from __future__ import annotations

import csv
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import httpx
import numpy as np

from bench.realtime import BenchShop
from bench.realtime_shop import build_shop
from services.recommendations.recommender import ItemsRequest, Recommender
from settings import Settings
from store.database import connect, read_transaction

ITEMS: Final = 400
CLIENTS: Final = 300
EVENTS_A_CLIENT: Final = 60
K: Final = 10
HELD_DAYS: Final = 40.0


def measure() -> dict[str, float]:
    """Measure both, and their difference with its standard error over clients."""
    with TemporaryDirectory(prefix="selvedge-bench-") as folder:
        home = Path(folder)
        cut = datetime.now(UTC) - timedelta(days=HELD_DAYS)
        build_shop(home, ITEMS, CLIENTS, EVENTS_A_CLIENT, time.time_ns() % 2**32, until=cut)
        later = _read_later(home / "events.csv", cut)
        served = [compute_ndcg(items, later[client]) for client, items in _ask_served(home, later)]
        own = [compute_ndcg(items, later[client]) for client, items in _ask_ranking(home, later)]
    difference = np.array(served) - np.array(own)
    return {
        "served_ndcg": float(np.mean(served)),
        "served_ranking_ndcg": float(np.mean(own)),
        "served_ndcg_below_ranking": float(-difference.mean()),
        "served_ndcg_noise": float(np.std(served) / np.sqrt(len(served))),
    }


def compute_ndcg(shown: Sequence[str], taken: Iterable[str]) -> float:
    """Compute NDCG@K of items shown, best first, against those taken later, each worth the same."""
    wanted = set(taken)
    gains = 1.0 / np.log2(np.arange(2, K + 2))
    found = sum(gain for item, gain in zip(shown, gains, strict=False) if item in wanted)
    return float(found / gains[: len(wanted)].sum()) if wanted else 0.0


def _read_later(path: Path, cut: datetime) -> dict[str, set[str]]:
    """Read which items each client took an interest in after the cut, without those that they knew before."""
    before: dict[str, set[str]] = defaultdict(set)
    after: dict[str, set[str]] = defaultdict(set)
    with path.open() as file:
        for row in csv.DictReader(file):
            side = before if datetime.fromisoformat(row["occurred_at"]) <= cut else after
            side[row["client_id"]].add(row["item_id"])
    return {client: items - before[client] for client, items in sorted(after.items()) if items - before[client]}


def _ask_served(home: Path, clients: Iterable[str]) -> list[tuple[str, list[str]]]:
    with BenchShop(home, ITEMS, CLIENTS).serve() as (web, _, _):
        return [(client, _ask(web, client)) for client in clients]


def _ask(web: httpx.Client, client: str) -> list[str]:
    answer = web.get("/v1/recommendations", params={"client_id": client, "n": K, "context": "email"})
    return [item["item_id"] for item in answer.raise_for_status().json()["items"]]


def _ask_ranking(home: Path, clients: Iterable[str]) -> list[tuple[str, list[str]]]:
    settings = Settings(_env_file=None, home=home / "state")
    engine = connect(settings.database)
    recommender, now = Recommender(engine, settings), datetime.now(UTC)
    requests = [ItemsRequest(client, K) for client in clients]
    with read_transaction(engine) as connection:
        ranked = recommender.rank_items(connection, requests, now)
        answers = [
            (request.client_id, [pick.item_id for pick in one.picks])
            for request, one in zip(requests, ranked, strict=True)
        ]
    engine.dispose()
    return answers


if __name__ == "__main__":
    for name, figure in measure().items():
        print(f"{name}: {figure:,.4f}")
