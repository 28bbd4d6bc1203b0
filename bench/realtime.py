"""`GET /v1/recommendations` through HTTP, beside a bare FastAPI handler that returns the same bytes in the same run.

The load generator is wrk, a compiled program (on Debian: apt-get install wrk). It draws clients at random and mixes the
contexts; meanwhile one event comes in for every ten answers, in batches as a shop sends them. Everything shares this
machine's cores, so the share of the bare handler counts, and the rates are those of an idle machine only on one.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import httpx
import psutil

from bench.ingest import KEY, environment
from bench.realtime_shop import build_shop
from tests.support.ports import free_port

ITEMS: Final = 1_700
CLIENTS: Final = 1_000
EVENTS_A_CLIENT: Final = 100
ROUNDS: Final = 5
SECONDS: Final = 6
CONNECTIONS: Final = 32
LUA: Final = Path(__file__).parent / "realtime_load.lua"
EVENTS_SHOWN: Final = 40
ANSWERS_AN_EVENT: Final = 10
BATCH: Final = 20
"""Events that a shop's system sends at once."""
SERVE: Final = "import cli; cli.main()"


@dataclass(frozen=True)
class LoadFigures:
    """What one run of wrk measured. Times in ms; `wrong`: answers that are not 2xx, and broken connections."""

    per_second: float
    p50: float
    p99: float
    wrong: int


def measure(items: int = ITEMS, clients: int = CLIENTS, prefix: str = "realtime") -> dict[str, float]:
    """Measure the answers a second and their share of the bare handler's, the times, and how soon an event shows."""
    if shutil.which("wrk") is None:
        raise RuntimeError("wrk is missing; on Debian: apt-get install wrk")
    with tempfile.TemporaryDirectory(prefix="selvedge-bench-") as folder:
        home = Path(folder)
        build_shop(home, items, clients, EVENTS_A_CLIENT, seed=time.time_ns() % 2**32)
        shop = BenchShop(home, items, clients)
        return {f"{prefix}_{name}": figure for name, figure in shop.measure().items()}


@dataclass(frozen=True)
class BenchShop:
    """A shop on the disk, and how many items and clients it has."""

    home: Path
    items: int
    clients: int

    def measure(self) -> dict[str, float]:
        """Measure the product and the bare handler in turns."""
        with self.serve() as (web, process, cold_s):
            answer = self.home / "answer.json"
            answer.write_bytes(web.get("/v1/recommendations?client_id=c0&n=10").raise_for_status().content)
            with self.serve_bare(answer) as bare_url:
                self._load(str(web.base_url), 2 * SECONDS)  # every client and item is asked about once
                rate = self._load(str(web.base_url)).per_second
                before = process.cpu_times()
                with self._send_events(web, rate / ANSWERS_AN_EVENT):
                    pairs = [(self._load(str(web.base_url)), self._load(bare_url)) for _ in range(ROUNDS)]
                after = process.cpu_times()
            alone = self._load(str(web.base_url), 2, connections=1)
            shown = sorted(self._time_event(web, number) for number in range(EVENTS_SHOWN))
            ours, bare = (statistics.median(run.per_second for run in runs) for runs in zip(*pairs, strict=True))
            answers = sum(ours_run.per_second for ours_run, _ in pairs) * SECONDS
            cpu = after.user + after.system - before.user - before.system
            return {
                "answers_per_s": ours,
                "bare_per_s": bare,
                "share_of_bare": statistics.median(
                    ours_run.per_second / bare_run.per_second for ours_run, bare_run in pairs
                ),
                "p99_ms": statistics.median(ours_run.p99 for ours_run, _ in pairs),
                "bare_p99_ms": statistics.median(bare_run.p99 for _, bare_run in pairs),
                "alone_p50_ms": alone.p50,
                "cpu_us_an_answer": cpu / answers * 1e6,
                "wrong_answers": sum(ours_run.wrong for ours_run, _ in pairs),
                "event_shown_p99_s": shown[int(0.99 * len(shown))],
                "start_s": cold_s,
                "memory_mb": process.memory_info().rss / 2**20,
            }

    @contextmanager
    def serve(self) -> Iterator[tuple[httpx.Client, psutil.Process, float]]:
        """Serve the shop: a caller with the key, the process, and the seconds until it first answered."""
        port = free_port()
        more = {"SELVEDGE_WEB_PORT": str(port), "SELVEDGE_API_KEY": KEY, "SELVEDGE_SMTP_URL": "smtp://127.0.0.1:9"}
        began = time.perf_counter()
        running = subprocess.Popen([sys.executable, "-c", SERVE, "web"], env=environment(self.home, **more))
        try:
            headers = {"Authorization": f"Bearer {KEY}"}
            url = f"http://127.0.0.1:{port}"
            with httpx.Client(base_url=url, headers=headers, timeout=30, trust_env=False) as web:
                _wait(web, "/v1/recommendations?client_id=c0")
                yield web, psutil.Process(running.pid), time.perf_counter() - began
        finally:
            running.send_signal(signal.SIGINT)
            running.wait(30)

    @staticmethod
    @contextmanager
    def serve_bare(answer: Path) -> Iterator[str]:
        """Serve the bytes of a file by a bare handler; its address."""
        port = free_port()
        running = subprocess.Popen([sys.executable, "-m", "bench.realtime_bare", str(answer), str(port)])
        url = f"http://127.0.0.1:{port}"
        try:
            with httpx.Client(base_url=url, trust_env=False) as web:
                _wait(web, "/v1/recommendations?client_id=c0")
            yield url
        finally:
            running.send_signal(signal.SIGINT)
            running.wait(30)

    def _load(self, url: str, seconds: int = SECONDS, connections: int = CONNECTIONS) -> LoadFigures:
        given = {
            "BENCH_CLIENTS": str(self.clients),
            "BENCH_ITEMS": str(self.items),
            "BENCH_KEY": KEY,
            "BENCH_SEED": str(time.time_ns() % 10**6),
        }
        command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(LUA), url]
        output = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | given).stdout
        return _read_figures(output)

    @contextmanager
    def _send_events(self, web: httpx.Client, per_second: float) -> Iterator[None]:
        """Send events in batches of twenty, `per_second`, until the block ends."""
        ended = threading.Event()

        def send() -> None:
            number = 0
            while not ended.wait(BATCH / per_second):
                batch = [self._build_view(f"live-{number}-{k}", k + number) for k in range(BATCH)]
                web.post("/v1/events", json=batch).raise_for_status()
                number += 1

        sender = threading.Thread(target=send)
        sender.start()
        try:
            yield
        finally:
            ended.set()
            sender.join()

    def _build_view(self, event_id: str, number: int) -> dict[str, str]:
        return {
            "event_id": event_id,
            "client_id": f"c{number * 7919 % self.clients}",
            "type": "item_viewed",
            "occurred_at": datetime.now(UTC).isoformat(),
            "item_id": f"i{number * 104_729 % self.items}",
        }

    def _time_event(self, web: httpx.Client, number: int) -> float:
        """Time from the answer to an order until its item is no longer recommended, in seconds."""
        address = f"/v1/recommendations?client_id=c{number}&n=10"
        item_id = web.get(address).json()["items"][0]["item_id"]
        order = self._build_view(f"order-{number}", number)
        order |= {"client_id": f"c{number}", "type": "order_placed", "item_id": item_id}
        order |= {"quantity": "1", "value": "40.00", "currency": "USD"}
        web.post("/v1/events", json=[order]).raise_for_status()
        began = time.perf_counter()
        while item_id in {item["item_id"] for item in web.get(address).json()["items"]}:
            if time.perf_counter() - began > 30:
                raise TimeoutError(f"{item_id} is still recommended 30 s after it was bought")
            time.sleep(0.005)
        return time.perf_counter() - began


def _wait(web: httpx.Client, address: str) -> None:
    until = time.monotonic() + 120
    while True:
        try:
            web.get(address).raise_for_status()
            return
        except httpx.TransportError:
            if time.monotonic() > until:
                raise
            time.sleep(0.05)


def _read_figures(output: str) -> LoadFigures:
    per_second = float(re.search(r"Requests/sec:\s*([\d.]+)", output)[1])  # type: ignore[index]
    wrong = re.search(r"Non-2xx or 3xx responses: (\d+)", output)
    broken = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", output)
    total = (int(wrong[1]) if wrong else 0) + (sum(map(int, broken.groups())) if broken else 0)
    return LoadFigures(per_second, _read_time(output, "50%"), _read_time(output, "99%"), total)


def _read_time(output: str, percentile: str) -> float:
    value, unit = re.search(rf"{percentile}\s+([\d.]+)(us|ms|s)", output).groups()  # type: ignore[union-attr]
    return float(value) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[unit]


if __name__ == "__main__":
    for name, figure in measure().items():
        print(f"{name}: {figure:,.3f}")
