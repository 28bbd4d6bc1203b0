"""Made-up interactions whose structure is known, and files of them."""

from __future__ import annotations

import csv
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from algorithms.ranking.data import FeatureMatrix, Interactions
from domain.engagement import DAY

GROUPS, ITEMS, CLIENTS = 4, 80, 300
BEGIN = datetime(2026, 1, 1, tzinfo=UTC).timestamp()


def make_interactions(seed: int = 3, days: int = 200) -> Interactions:
    """Clients of four tastes take items of their taste; what is in fashion moves on; each taste wears one colour. The
    context, day or night, shifts what is taken. Every tenth item comes late."""
    rng = np.random.default_rng(seed)
    taste, colour = np.arange(CLIENTS) % GROUPS, np.arange(ITEMS) % GROUPS
    late = np.arange(ITEMS) % 10 == 9
    rows = []
    for client in range(CLIENTS):
        begin = rng.uniform(0, 0.98 * days)
        for day in np.sort(rng.uniform(begin, days, rng.integers(2, 14))):
            context = int(rng.random() < 0.5)
            fashion = np.exp(-(((np.arange(ITEMS) / ITEMS - day / days) / 0.35) ** 2))
            likes = (
                fashion * np.where(colour == taste[client], 8.0, 1.0) * np.where(np.arange(ITEMS) % 2 == context, 3, 1)
            )
            likes *= np.where(late, 4.0 * (day > 0.96 * days), 1.0)
            rows.append((client, int(rng.choice(ITEMS, p=likes / likes.sum())), BEGIN + day * DAY, context))
    rows.sort(key=lambda row: row[2])
    who, what, when, where = (np.array(column) for column in zip(*rows, strict=True))
    return Interactions(
        tuple(f"c{n:03}" for n in range(CLIENTS)),
        tuple(f"i{n:02}" for n in range(ITEMS)),
        ("day", "night"),
        who.astype(np.int64),
        what.astype(np.int64),
        when.astype(np.float64),
        where.astype(np.int64),
        None,
        FeatureMatrix.of([(f"colour:{word}",) for word in colour.tolist()]),
        FeatureMatrix.of([(f"taste:{word}",) for word in taste.tolist()]),
    )


def write_files(interactions: Interactions, folder: Path) -> dict[str, Path]:
    """Write the interactions as the CSV files of the commands."""
    paths = {name: folder / f"{name}.csv" for name in ("interactions", "items", "clients")}
    when = [datetime.fromtimestamp(at, UTC).isoformat() for at in interactions.at.tolist()]
    touches = zip(
        interactions.client.tolist(), interactions.item.tolist(), when, interactions.context.tolist(), strict=True
    )
    rows = [[interactions.clients[c], interactions.items[i], at, interactions.contexts[x]] for c, i, at, x in touches]
    _write(paths["interactions"], [["client_id", "item_id", "occurred_at", "context"], *rows])
    _write(paths["items"], [["item_id", "colour"], *([i, n % GROUPS] for n, i in enumerate(interactions.items))])
    _write(paths["clients"], [["client_id", "taste"], *([c, n % GROUPS] for n, c in enumerate(interactions.clients))])
    return paths


def _write(path: Path, rows: list[list[object]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows(rows)
