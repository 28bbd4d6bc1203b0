"""The demo shop as files in the import formats, and as a timeline of what happens after they were imported.

The clients' past ends, and the demo begins, on the day of the rhythms after which most clients fall from cooling to
at risk within three weeks: the moment at which this product earns its keep. The day is computed, not chosen.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, Final, NamedTuple

from demo import catalogue, rhythms
from demo.people import build_person
from demo.rhythms import Purchase
from demo.timeline import Life, Timeline, count_lines
from domain.engagement import Engagement, EngagementRules, score_client
from models.base import Contract, utc
from models.states import Band

CLIENTS: Final = 360
"""Clients known when the demo begins."""
SOON_DAYS: Final = 20
TYPICAL_CENTS: Final = 11_000
"""About what one thing costs in the demo shop."""
SEARCHED: Final = range(120, 300, 3)
"""Days of the rhythms tried as the demo's beginning; at least eight months lie ahead of each."""


class Files(NamedTuple):
    """The shop in the import formats of docs/formats.md."""

    catalogue: Path
    stock: Path
    clients: Path
    events: Path


@cache
def choose_cut_day(rules: EngagementRules | None = None) -> int:
    """Choose the day of the rhythms on which the demo begins."""
    known = _load_rhythms()[:CLIENTS]
    return max(
        SEARCHED,
        key=lambda day: sum(_is_at_risk_soon(purchases, day, rules or EngagementRules()) for purchases in known),
    )


def _is_at_risk_soon(purchases: Iterable[Purchase], day: int, rules: EngagementRules) -> bool:
    """Return whether a client is cooling on `day` and at risk within SOON_DAYS if nothing happens."""
    begin, stats = utc(2000), Engagement()
    for purchase in purchases:
        if purchase.day < day:
            for _ in range(count_lines(purchase)):
                stats = stats.add_event(rules, "order_placed", begin + timedelta(days=purchase.day), TYPICAL_CENTS)
    score = score_client(rules, stats, begin + timedelta(days=day))
    falls = score.crosses_at
    return score.band is Band.COOLING and falls is not None and falls <= begin + timedelta(days=day + SOON_DAYS)


def build_timeline(start: datetime) -> Timeline:
    """Build what the demo's clients did before business time `start`, and do after it."""
    everyone, cut = _load_rhythms(), choose_cut_day()
    lives = []
    for number, purchases in enumerate(everyone[:CLIENTS], 1):
        shifted = tuple(purchase._replace(day=purchase.day - cut) for purchase in purchases)
        signed_up = start + timedelta(days=shifted[0].day - Random(number).uniform(0.2, 6))
        spend = sum(purchase.cents for purchase in purchases) // len(purchases)
        lives.append(Life(build_person(number, signed_up, spend), shifted))
    return Timeline(start, catalogue.build_items(start), lives, everyone[CLIENTS:])


def write_shop(folder: Path, start: datetime) -> Files:
    """Write the shop as of business time `start` into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    files = Files(*(folder / name for name in ("catalogue.csv", "stock.csv", "clients.csv", "history.jsonl")))
    shop, items = build_timeline(start), catalogue.build_items(start)
    write_csv(files.catalogue, items)
    write_csv(files.stock, catalogue.build_stock(items))
    write_csv(files.clients, (life.person.row for life in shop.lives))
    with files.events.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(event) + "\n" for event in shop.list_history())
    return files


@cache
def _load_rhythms() -> list[tuple[Purchase, ...]]:
    """Load real rhythms in a shuffled order; those of the demo's first clients began before any day that is tried."""
    histories = rhythms.load_rhythms()
    Random(1).shuffle(histories)
    return sorted(histories, key=lambda purchases: purchases[0].day >= min(SEARCHED))


def write_csv(path: Path, rows: Iterable[Contract | Any]) -> None:
    """Write rows in an import format."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer: csv.DictWriter[str] | None = None
        for row in rows:
            fields = row.model_dump(mode="json", exclude={"attributes"})  # the demo declares none
            if writer is None:
                writer = csv.DictWriter(file, fieldnames=list(fields), lineterminator="\n")
                writer.writeheader()
            writer.writerow(_format_cells(fields))


def _format_cells(fields: Mapping[str, Any]) -> dict[str, Any]:
    cells: dict[str, Any] = {}
    for name, value in fields.items():
        if isinstance(value, list):
            cells[name] = "|".join(value)
        elif isinstance(value, bool):
            cells[name] = "true" if value else "false"
        else:
            cells[name] = value
    return cells
