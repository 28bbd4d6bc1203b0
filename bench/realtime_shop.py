"""A made-up shop of any size for `bench.realtime`, imported by `selvedge import`: clients with tastes of their own, and
what they looked at and bought."""

from __future__ import annotations

import csv
import random
import subprocess
import sys
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from bench.ingest import SELVEDGE, environment

CATEGORIES: Final = ("dresses", "shirts", "trousers", "knitwear", "coats", "shoes", "bags", "scarves")
COLOURS: Final = ("black", "navy", "ecru", "rust", "olive", "grey")
SIZES: Final = ("S", "M", "L")
ACTS: Final = ("item_viewed",) * 6 + ("item_clicked",) * 2 + ("added_to_cart", "order_placed")


def build_shop(
    home: Path, items: int, clients: int, events_a_client: int, seed: int, until: datetime | None = None
) -> None:
    """Make a shop at `home`: `items` items with stock, `clients` clients and about `events_a_client` events of each.
    Later events than `until` are in the file alone."""
    rng = random.Random(seed)
    files = (
        ("catalogue", _list_items(rng, items)),
        ("stock", _list_stock(rng, items)),
        ("clients", _list_clients(rng, clients)),
        ("events", _list_events(rng, items, clients, events_a_client)),
    )
    for kind, rows in files:
        path = home / f"{kind}.csv"
        _write_rows(path, rows)
        if kind == "events" and until is not None:
            path = _cut_events(path, until)
        command = [
            sys.executable,
            "-c",
            SELVEDGE,
            "import",
            kind,
            str(path),
            *(["--no-start"] if kind == "clients" else []),
        ]
        subprocess.run(command, check=True, capture_output=True, env=environment(home))


def _write_rows(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    iterator = iter(rows)
    first = next(iterator)
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(first))
        writer.writeheader()
        writer.writerow(first)
        writer.writerows(iterator)


def _cut_events(path: Path, until: datetime) -> Path:
    """Write the events up to a moment into a file beside."""
    with path.open() as file:
        known = [row for row in csv.DictReader(file) if datetime.fromisoformat(row["occurred_at"]) <= until]
    cut = path.with_name("events-known.csv")
    _write_rows(cut, known)
    return cut


def _list_items(rng: random.Random, items: int) -> Iterator[dict[str, Any]]:
    for k in range(items):
        category, colour = CATEGORIES[k % len(CATEGORIES)], rng.choice(COLOURS)
        yield {
            "item_id": f"i{k}",
            "title": f"{colour.title()} {category} of line {k % 97}",
            "category": category,
            "brand": f"Brand {rng.randrange(30)}",
            "colour": colour,
            "price": f"{rng.lognormvariate(3.7, 0.5):.2f}",
            "sizes": ";".join(SIZES),
            "tags": f"style{rng.randrange(12)}",
        }


def _list_stock(rng: random.Random, items: int) -> Iterator[dict[str, Any]]:
    for k in range(items):
        for size in SIZES:
            yield {"sku": f"i{k}-{size}", "item_id": f"i{k}", "size": size, "on_hand": rng.randrange(20)}


def _list_clients(rng: random.Random, clients: int) -> Iterator[dict[str, Any]]:
    for k in range(clients):
        yield {
            "client_id": f"c{k}",
            "email": f"c{k}@example.com",
            "consent": "true",
            "sizes": rng.choice(SIZES),
            "tags": f"group{rng.randrange(8)}",
        }


def _list_events(rng: random.Random, items: int, clients: int, usual: int) -> Iterator[dict[str, Any]]:
    end = datetime.now(UTC) - timedelta(hours=1)
    popular = [min(int(rng.paretovariate(0.8)) - 1, items - 1) for _ in range(4_096)]
    for client in range(clients):
        favourite = rng.randrange(len(CATEGORIES))
        for number in range(rng.randrange(usual // 2, usual + usual // 2 + 1)):
            item = rng.choice(popular) if rng.random() < 0.4 else rng.randrange(items)
            if rng.random() < 0.6:
                item = min(item - item % len(CATEGORIES) + favourite, items - 1)
            kind = rng.choice(ACTS)
            yield {
                "event_id": f"{client}-{number}",
                "client_id": f"c{client}",
                "type": kind,
                "occurred_at": (end - timedelta(seconds=rng.randrange(20_000_000))).isoformat(),
                "item_id": f"i{item}",
                "quantity": 1 if kind == "order_placed" else "",
                "value": "40.00" if kind == "order_placed" else "",
                "currency": "USD" if kind == "order_placed" else "",
            }
