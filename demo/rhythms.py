"""The purchase rhythms of real clients, on which the demo shop's clients live.

`demo/data/rhythms.csv` holds one purchase a row: client, day (0 is 1997-01-01), how many items, and cents spent. It is
taken from the CDNOW sample (demo/data/SOURCES.md): the clients with at least three purchases, renumbered. To make it
again from the sample's transactions (columns id,date,n,usd): `python -m demo.rhythms TRANSACTIONS_CSV`.
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


def load_rhythms(path: Path = FILE) -> list[tuple[Purchase, ...]]:
    """Load every client's purchases in order of time."""
    purchases_by_client: dict[str, list[Purchase]] = defaultdict(list)
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            purchases_by_client[row["client"]].append(Purchase(int(row["day"]), int(row["items"]), int(row["cents"])))
    return [tuple(sorted(purchases)) for purchases in purchases_by_client.values()]


def extract_rhythms(source: Path, target: Path = FILE) -> int:
    """Write the compact file from the sample's transactions; returns how many clients it holds."""
    purchases_by_client: dict[str, list[Purchase]] = defaultdict(list)
    with source.open(newline="") as file:
        for row in csv.DictReader(file):
            day = (date.fromisoformat(row["date"]) - FIRST_DAY).days
            purchases_by_client[row["id"]].append(Purchase(day, int(row["n"]), int(Decimal(row["usd"]) * 100)))
    regulars = [sorted(purchases) for purchases in purchases_by_client.values() if len(purchases) >= FEWEST]
    with target.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("client", *Purchase._fields))
        writer.writerows((number, *purchase) for number, purchases in enumerate(regulars) for purchase in purchases)
    return len(regulars)


if __name__ == "__main__":
    print(f"{extract_rhythms(Path(sys.argv[1]))} clients in {FILE}")
