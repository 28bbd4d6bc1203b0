"""How fast real input comes in: events over HTTP in batches, and rows from a file.

Both on SQLite. The server, the importer and whoever feeds them share this machine's cores, as they would in a shop
that runs on one machine.
"""

from __future__ import annotations

import csv
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import httpx
import psutil

EVENTS: Final = 60_000
ROWS: Final = 300_000
BATCH: Final = 1_000
CLIENTS: Final = 20_000
ITEMS: Final = 2_000
KEY: Final = "bench"
SELVEDGE: Final = "import cli; cli.main()"
SERVE: Final = "import uvicorn, settings; from web.app import create_app; s = settings.load(); uvicorn.run(create_app(s), port=s.web_port, log_level='warning')"  # noqa: E501
TYPES: Final = (
    ["item_viewed"] * 5 + ["item_clicked"] * 2 + ["searched", "added_to_cart", "order_placed", "email_opened"]
)


def measure() -> dict[str, float]:
    """Measure events_accepted_per_s, import_rows_per_s and the importer's peak memory in MB."""
    with tempfile.TemporaryDirectory(prefix="selvedge-bench-") as folder:
        home = Path(folder)
        import_shop(home)
        return {"events_accepted_per_s": events_accepted_per_s(home), **import_rows_per_s(home)}


def events_accepted_per_s(home: Path) -> float:
    """Send events in batches of a thousand over HTTP on loopback, from one sender on one connection."""
    rng = random.Random(7)
    batches = [json.dumps([draw_event(rng, f"http-{b}-{i}") for i in range(BATCH)]) for b in range(EVENTS // BATCH + 3)]
    with _server(home) as web:
        for body in batches[:3]:  # first requests pay for imports and caches
            web.post("/v1/events", content=body).raise_for_status()
        began = time.perf_counter()
        accepted = sum(len(web.post("/v1/events", content=body).json()["accepted"]) for body in batches[3:])
        seconds = time.perf_counter() - began
    if accepted != EVENTS:
        raise RuntimeError(f"only {accepted} of {EVENTS} events were accepted")
    return accepted / seconds


def import_rows_per_s(home: Path) -> dict[str, float]:
    """Run `selvedge import events` on a CSV file, as its summary states it, and its peak memory."""
    rng, path = random.Random(11), home / "events.csv"
    columns = ["event_id", "client_id", "type", "occurred_at", "item_id", "quantity", "value", "currency"]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(draw_event(rng, f"file-{i}") for i in range(ROWS))
    summary, peak = _import(home, "events", path)
    if summary["new"] != ROWS:
        raise RuntimeError(f"only {summary['new']} of {ROWS} rows went in")
    return {"import_rows_per_s": summary["rows_per_s"], "import_peak_mb": peak}


def draw_event(rng: random.Random, event_id: str) -> dict[str, Any]:
    """Draw an event of one of the clients."""
    kind = rng.choice(TYPES)
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=rng.randrange(20_000_000))
    made = {
        "event_id": event_id,
        "client_id": f"c{rng.randrange(CLIENTS)}",
        "type": kind,
        "occurred_at": at.isoformat(),
    }
    if kind not in ("searched", "email_opened"):
        made["item_id"] = f"i{rng.randrange(ITEMS)}"
    if kind == "order_placed":
        made |= {"quantity": "1", "value": f"{rng.randrange(100, 20_000) / 100:.2f}", "currency": "USD"}
    return made


def import_shop(home: Path) -> None:
    """Make a shop of clients and items at `home`."""
    people = "".join(f"c{i},c{i}@shop.example,2025-01-01T00:00:00Z,true\n" for i in range(CLIENTS))
    (home / "clients.csv").write_text(f"client_id,email,signed_up_at,consent\n{people}")
    goods = "".join(f"i{i},Item {i},knit,50\n" for i in range(ITEMS))
    (home / "catalogue.csv").write_text(f"item_id,title,category,price\n{goods}")
    _import(home, "clients", home / "clients.csv")
    _import(home, "catalogue", home / "catalogue.csv")


def environment(home: Path, **more: str) -> dict[str, str]:
    """Return the environment of a shop at `home`, with more settings."""
    return os.environ | {"SELVEDGE_HOME": str(home / "state"), "SELVEDGE_DATABASE_URL": "", **more}


def _import(home: Path, kind: str, path: Path) -> tuple[dict[str, Any], float]:
    """Run the command; return its summary, and its peak resident memory in MB."""
    command = [sys.executable, "-c", SELVEDGE, "import", kind, str(path), "--json"]
    running = subprocess.Popen(command, env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    peak, watched = 0.0, psutil.Process(running.pid)
    while running.poll() is None:
        try:
            peak = max(peak, watched.memory_info().rss / 1e6)
        except psutil.NoSuchProcess:
            break
        time.sleep(0.05)
    out, _ = running.communicate(timeout=60)
    if running.returncode:
        raise RuntimeError(f"import {kind} ended with {running.returncode}")
    summary: dict[str, Any] = json.loads(out)
    return summary, peak


@contextmanager
def _server(home: Path) -> Iterator[httpx.Client]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    # A mail server is named so that the web process starts no mailbox of its own.
    more = {"SELVEDGE_WEB_PORT": str(port), "SELVEDGE_API_KEY": KEY, "SELVEDGE_SMTP_URL": "smtp://127.0.0.1:9"}
    running = subprocess.Popen([sys.executable, "-c", SERVE], env=environment(home, **more))
    try:
        headers = {"Authorization": f"Bearer {KEY}"}
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=30, trust_env=False) as web:
            _wait(web)
            yield web
    finally:
        running.send_signal(signal.SIGINT)
        running.wait(20)


def _wait(web: httpx.Client) -> None:
    until = time.monotonic() + 30
    while True:
        try:
            web.get("/v1/clients/c0").raise_for_status()
            return
        except httpx.TransportError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)


if __name__ == "__main__":
    for name, figure in measure().items():
        print(f"{name}: {figure:,.0f}")
