"""Reads items and the bundles that people made of them, from CSV or Parquet, for `selvedge evaluate bundles`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from algorithms.evaluation.bundles.goods import Bundles, Goods
from errors import BadInput
from ingest import results
from ingest.columns import Table, read_ids, read_table

OTHER_NAMES: Final = {"titles": "title", "name": "title", "category": "categories"}
"""Column names in published files; capitals and blanks are ignored too."""


def read_goods(items: Path, categories: Path | None = None) -> Goods:
    """Read items from `item_id,title[,categories]`; categories may come from a file `item_id,categories` of their own.

    Raises:
        BadInput: names file, line and field.
    """
    table = _read_renamed(items, "item_id", "title")
    ids = _read_unique_ids(table, "item_id")
    categories_of = dict.fromkeys(ids, "")
    if "categories" in table.columns:
        categories_of = dict(zip(ids, _read_optional_texts(table, "categories"), strict=True))
    if categories is not None:
        further = _read_renamed(categories, "item_id", "categories")
        categories_of |= dict(
            zip(_read_unique_ids(further, "item_id"), _read_optional_texts(further, "categories"), strict=True)
        )
    return Goods(
        tuple(ids), tuple(_read_optional_texts(table, "title")), tuple(categories_of[item_id] for item_id in ids)
    )


def read_bundles(bundles: Path, goods: Goods, intents: Path | None = None) -> Bundles:
    """Read bundles of two items or more: `bundle_id,item_id`, a row an item; intents from a file `bundle_id,intent`.

    Smaller bundles are left out.

    Raises:
        BadInput: names file, line and field.
    """
    boxes, _ = _read_boxes(bundles, goods, intents, fewest=2)
    if not boxes.members:
        raise BadInput("holds no bundle of two items or more", str(bundles))
    return boxes


def read_boxes(targets: Path, goods: Goods, intents: Path | None = None) -> tuple[Bundles, list[str]]:
    """Read bundles as `read_bundles` does, those of one item included, and return their ids too.

    Raises:
        BadInput: names file, line and field.
    """
    return _read_boxes(targets, goods, intents, fewest=1)


def write_completed(path: Path, rows: Sequence[tuple[str, int, str, float]]) -> None:
    """Write `bundle_id,rank,item_id,score`. Raises BadInput."""
    columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
    types = (pa.string(), pa.int64(), pa.string(), pa.float64())
    arrays = [pa.array(column, kind) for column, kind in zip(columns, types, strict=True)]
    results.write_table(path, dict(zip(("bundle_id", "rank", "item_id", "score"), arrays, strict=True)))


def _read_boxes(path: Path, goods: Goods, intents: Path | None, fewest: int) -> tuple[Bundles, list[str]]:
    table = _read_renamed(path, "bundle_id", "item_id")
    members: dict[str, list[int]] = {}
    rows = zip(_read_ids(table, "bundle_id"), _read_ids(table, "item_id"), strict=True)
    for index, (bundle, item) in enumerate(rows):
        if item not in goods.index:
            table.refuse(index, "item_id", f"{item} is not among the items; add it there or leave it out here")
        items = members.setdefault(bundle, [])
        if goods.index[item] not in items:
            items.append(goods.index[item])
    large_enough = {
        bundle: np.array(items_of, np.int64) for bundle, items_of in members.items() if len(items_of) >= fewest
    }
    intent_of: dict[str, str] = {}
    if intents is not None:
        intent_table = _read_renamed(intents, "bundle_id", "intent")
        intent_of = dict(
            zip(_read_unique_ids(intent_table, "bundle_id"), _read_optional_texts(intent_table, "intent"), strict=True)
        )
    return Bundles(tuple(large_enough.values()), tuple(intent_of.get(bundle, "") for bundle in large_enough)), list(
        large_enough
    )


def _read_renamed(path: Path, *names: str) -> Table:
    table = read_table(path, (), None)
    plain = {name: name.lower().replace(" ", "_") for name in table.columns}
    columns = {OTHER_NAMES.get(plain[name], plain[name]): column for name, column in table.columns.items()}
    if missing := [name for name in names if name not in columns]:
        raise BadInput(f"missing in the header: {', '.join(map(repr, missing))}", str(path))
    return Table(path, columns)


def _read_ids(table: Table, name: str) -> list[str]:
    if pa.types.is_integer(table.columns[name].type):  # what a Parquet column of whole numbers holds
        table.columns[name] = table.columns[name].cast(pa.string())
    ids: list[str] = read_ids(table, name).to_pylist()
    return ids


def _read_unique_ids(table: Table, name: str) -> list[str]:
    ids, ids_seen = _read_ids(table, name), set[str]()
    for index, item_id in enumerate(ids):
        if item_id in ids_seen:
            table.refuse(index, name, f"{item_id} is in the file already; name it once")
        ids_seen.add(item_id)
    return ids


def _read_optional_texts(table: Table, name: str) -> list[str]:
    """Read text that may be missing; a missing one becomes empty."""
    values: list[str] = table.columns[name].cast(pa.string()).fill_null("").to_pylist()
    return values
