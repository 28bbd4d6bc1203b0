"""What the shop sells, as its own files say: a shop knows its goods without asking anybody."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from domain.sizes import rank_size


class ShopPiece(NamedTuple):
    """One item."""

    item_id: str
    title: str
    category: str
    brand: str
    colour: str
    price: str
    sizes: tuple[str, ...]
    description: str
    in_stock: frozenset[str]
    """The sizes that are; an empty one stands for what comes in no sizes."""


def read_goods(catalogue: Path, stock: Path) -> dict[str, ShopPiece]:
    """Read the goods from the files of catalogue and stock that the shop also gives to Selvedge."""
    there: dict[str, set[str]] = {}
    for row in _read_rows(stock):
        if int(row["on_hand"]) > 0:
            there.setdefault(row["item_id"], set()).add(row["size"])
    return {row["item_id"]: _parse(row, frozenset(there.get(row["item_id"], ()))) for row in _read_rows(catalogue)}


def _read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _parse(row: dict[str, str], in_stock: frozenset[str]) -> ShopPiece:
    return ShopPiece(
        item_id=row["item_id"],
        title=row["title"],
        category=row["category"],
        brand=row["brand"],
        colour=row["colour"],
        price=row["price"],
        sizes=_sort_sizes(filter(None, row["sizes"].split("|"))),
        description=row["description"],
        in_stock=in_stock,
    )


def _sort_sizes(sizes: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(sizes, key=rank_size))
