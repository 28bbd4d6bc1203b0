"""`GET /v1/search` at 200,000 items through HTTP, beside a bare FastAPI handler that returns an answer in the same run.

One caller on a kept connection asks for words, typing errors, filters and pages, with facets, in turn with the bare
handler, so that both meet the same moments of a shared machine.
"""

from __future__ import annotations

import random
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import httpx
import numpy as np
import psutil

from bench.realtime import BenchShop
from bench.realtime_shop import CATEGORIES, COLOURS, SIZES, build_shop

ITEMS: Final = 200_000
CLIENTS: Final = 20
ASKED: Final = 1_500
WARM_UP: Final = 200


def measure(items: int = ITEMS) -> dict[str, float]:
    """Measure the time of a search and of a suggestion."""
    seed = time.time_ns() % 2**32
    with TemporaryDirectory(prefix="selvedge-bench-") as folder:
        home = Path(folder)
        build_shop(home, items, CLIENTS, 10, seed)
        with BenchShop(home, items, CLIENTS).serve() as (web, process, _):
            figures = {"indexed_after_start_s": _wait_for_index(web, items)}
            return {f"search_{name}": figure for name, figure in (figures | _ask(home, web, process, seed)).items()}


def _wait_for_index(web: httpx.Client, items: int) -> float:
    began = time.perf_counter()
    while web.get("/v1/search?facets=false&in_stock=false").status_code == 503:
        if time.perf_counter() - began > 300:
            raise TimeoutError(f"{items:,} items are not indexed after 300 s")
        time.sleep(0.1)
    return time.perf_counter() - began


def _ask(home: Path, web: httpx.Client, process: psutil.Process, seed: int) -> dict[str, float]:
    rng = random.Random(seed)
    answer = home / "answer.json"
    answer.write_bytes(web.get("/v1/search?q=black+dresses").raise_for_status().content)
    with BenchShop.serve_bare(answer) as bare_url, httpx.Client(base_url=bare_url, trust_env=False) as bare:
        for _ in range(WARM_UP):
            web.get(_draw_search(rng)).raise_for_status()
        before = process.cpu_times()
        pairs = [(_time_call(web, _draw_search(rng)), _time_call(bare, BARE)) for _ in range(ASKED)]
        after = process.cpu_times()
    ours, bare_ms = (np.array(times) * 1e3 for times in zip(*pairs, strict=True))
    suggested = np.array([_time_call(web, f"/v1/search/suggest?q={_draw_word(rng)[:3]}") for _ in range(200)]) * 1e3
    return {
        "p50_ms": float(np.median(ours)),
        "p99_ms": float(np.percentile(ours, 99)),
        "bare_p99_ms": float(np.percentile(bare_ms, 99)),
        "suggest_p99_ms": float(np.percentile(suggested, 99)),
        "cpu_ms_a_search": (after.user + after.system - before.user - before.system) / ASKED * 1e3,
        "memory_mb": process.memory_info().rss / 2**20,
    }


BARE: Final = "/v1/recommendations?client_id=c0"


def _time_call(caller: httpx.Client, address: str) -> float:
    began = time.perf_counter()
    caller.get(address).raise_for_status()
    return time.perf_counter() - began


def _draw_word(rng: random.Random) -> str:
    return rng.choice((*CATEGORIES, *COLOURS))


def _draw_search(rng: random.Random) -> str:
    """Draw a search as people make them: a word or two, one in five mistyped, every third with a filter, some further
    pages."""
    words = [rng.choice(COLOURS), rng.choice(CATEGORIES)][rng.randrange(2) :]
    if rng.random() < 0.2:
        word = words[-1]
        cut = rng.randrange(1, len(word) - 1)
        words[-1] = word[:cut] + word[cut + 1 :]
    address = f"/v1/search?client_id=c{rng.randrange(CLIENTS)}&q={'+'.join(words)}"
    if rng.random() < 0.33:
        filters = (f"size={rng.choice(SIZES)}", "price_max=40", f"brand=Brand+{rng.randrange(30)}", "sort=price")
        address += f"&{rng.choice(filters)}"
    return address + ("&offset=24" if rng.random() < 0.2 else "")


if __name__ == "__main__":
    for name, figure in measure().items():
        print(f"{name}: {figure:,.3f}")
