"""Fashion products: a clothing catalogue, `styles.csv` (repository under MIT; the terms of the original are not stated:
measure with it, do not publish it). Becomes catalogue.csv.

The set has no prices, sizes, brands or dates: one price for all must be given, sizes and brand stay empty, and the day
of the import is taken for the day on which an item was added. Gender, usage and the main category become tags.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from ingest.converters.tables import PRICE, build_command, read_csv_rows, write_csv

COLUMNS: Final = (
    "id",
    "gender",
    "masterCategory",
    "articleType",
    "baseColour",
    "season",
    "usage",
    "productDisplayName",
)
SEASONS: Final = {"Spring": "spring", "Summer": "summer", "Fall": "autumn", "Winter": "winter"}


def convert(source: Path, out: Path, price: str = "0") -> dict[str, int]:
    """Convert Fashion products to catalogue.csv."""
    rows = read_csv_rows(source, COLUMNS)
    columns = ("item_id", "title", "category", "colour", "price", "season", "tags")
    return {"items": write_csv(out / "catalogue.csv", columns, _build_items(rows, price))}


def _build_items(rows: list[dict[str, str]], price: str) -> Iterator[dict[str, Any]]:
    for row in rows:
        yield {
            "item_id": row["id"],
            "title": " ".join(row["productDisplayName"].split()),
            "category": row["articleType"].lower(),
            "colour": row["baseColour"].lower(),
            "price": price,
            "season": SEASONS.get(row["season"], "all"),
            "tags": {row[name].lower() for name in ("gender", "usage", "masterCategory")} - {""},
        }


if __name__ == "__main__":
    build_command(convert, PRICE)()
