"""The purchase rhythms of real clients, on which the demo shop's clients live.

`demo/data/rhythms.csv` holds one purchase a row: client, day (0 is 1997-01-01), how many items, and cents spent. It is
taken from the CDNOW sample (demo/data/SOURCES.md): the clients with at least three purchases, renumbered. To make it
anew from the sample's transactions (columns id,date,n,usd): `python -m demo.rhythms TRANSACTIONS_CSV`.
"""

from __future__ import annotations

import csv
import sys
from collections import defaultdict
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final, NamedTuple

FILE: Final = Path(__file__).parent / "data" / "rhythms.csv"
FIRST_DAY: Final = date(1997, 1, 1)
DAYS: Final = 545
"""How long the sample was watched: to 1998-06-30."""
FEWEST: Final = 3


class Purchase(NamedTuple):
    """One visit to the till: day since the sample's first, items, cents."""

    day: int
    items: int
    cents: int


def load(path: Path = FILE) -> list[tuple[Purchase, ...]]:
    """Every client's purchases in order of time."""
    found: dict[str, list[Purchase]] = defaultdict(list)
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            found[row["client"]].append(Purchase(int(row["day"]), int(row["items"]), int(row["cents"])))
    return [tuple(sorted(purchases)) for purchases in found.values()]


def extract(source: Path, target: Path = FILE) -> int:
    """Write the compact file from the sample's transactions; returns how many clients it holds."""
    found: dict[str, list[Purchase]] = defaultdict(list)
    with source.open(newline="") as file:
        for row in csv.DictReader(file):
            day = (date.fromisoformat(row["date"]) - FIRST_DAY).days
            found[row["id"]].append(Purchase(day, int(row["n"]), int(Decimal(row["usd"]) * 100)))
    kept = [sorted(purchases) for purchases in found.values() if len(purchases) >= FEWEST]
    with target.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("client", *Purchase._fields))
        writer.writerows((number, *purchase) for number, purchases in enumerate(kept) for purchase in purchases)
    return len(kept)


if __name__ == "__main__":
    print(f"{extract(Path(sys.argv[1]))} clients in {FILE}")
