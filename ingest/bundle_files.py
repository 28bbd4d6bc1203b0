"""Items and the bundles that people made of them, from CSV or Parquet: what `selvedge evaluate bundles` reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa

from algorithms.bundles.goods import Bundles, Goods
from errors import BadInput
from ingest import results
from ingest.fix_columns import Table, identifiers, read

OTHER_NAMES: Final = {"titles": "title", "name": "title", "category": "categories"}
"""Names that published files give to the columns; capitals and blanks are passed over, too."""


def read_goods(items: Path, categories: Path | None = None) -> Goods:
    """`item_id,title[,categories]`, and the categories from a file `item_id,categories` of their own if one is given.

    Raises BadInput naming file, line and field.
    """
    table = _read(items, "item_id", "title")
    ids = _once(table, "item_id")
    found = dict.fromkeys(ids, "")
    if "categories" in table.columns:
        found = dict(zip(ids, _loose(table, "categories"), strict=True))
    if categories is not None:
        further = _read(categories, "item_id", "categories")
        found |= dict(zip(_once(further, "item_id"), _loose(further, "categories"), strict=True))
    return Goods(tuple(ids), tuple(_loose(table, "title")), tuple(found[each] for each in ids))


def read_bundles(bundles: Path, goods: Goods, intents: Path | None = None) -> Bundles:
    """`bundle_id,item_id`, a row an item; `bundle_id,intent` in a file of its own if one is given.

    Bundles of fewer than two items are left out. Raises BadInput naming file, line and field.
    """
    found, _ = _boxes(bundles, goods, intents, fewest=2)
    if not found.members:
        raise BadInput("holds no bundle of two items or more", str(bundles))
    return found


def read_boxes(targets: Path, goods: Goods, intents: Path | None = None) -> tuple[Bundles, list[str]]:
    """The same, boxes of one item included, with their names. Raises BadInput naming file, line and field."""
    return _boxes(targets, goods, intents, fewest=1)


def write_completed(path: Path, rows: Sequence[tuple[str, int, str, float]]) -> None:
    """`bundle_id,rank,item_id,score`. Raises BadInput."""
    columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
    types = (pa.string(), pa.int64(), pa.string(), pa.float64())
    arrays = [pa.array(column, kind) for column, kind in zip(columns, types, strict=True)]
    results.write(path, dict(zip(("bundle_id", "rank", "item_id", "score"), arrays, strict=True)))


def _boxes(path: Path, goods: Goods, intents: Path | None, fewest: int) -> tuple[Bundles, list[str]]:
    table = _read(path, "bundle_id", "item_id")
    members: dict[str, list[int]] = {}
    rows = zip(_ids(table, "bundle_id"), _ids(table, "item_id"), strict=True)
    for place, (bundle, item) in enumerate(rows):
        if item not in goods.index:
            table.refuse(place, "item_id", f"{item} is not among the items; add it there or leave it out here")
        mine = members.setdefault(bundle, [])
        if goods.index[item] not in mine:
            mine.append(goods.index[item])
    kept = {bundle: np.array(each, np.int64) for bundle, each in members.items() if len(each) >= fewest}
    said: dict[str, str] = {}
    if intents is not None:
        words = _read(intents, "bundle_id", "intent")
        said = dict(zip(_once(words, "bundle_id"), _loose(words, "intent"), strict=True))
    return Bundles(tuple(kept.values()), tuple(said.get(bundle, "") for bundle in kept)), list(kept)


def _read(path: Path, *names: str) -> Table:
    table = read(path, (), None)
    plain = {name: name.lower().replace(" ", "_") for name in table.columns}
    columns = {OTHER_NAMES.get(plain[name], plain[name]): column for name, column in table.columns.items()}
    if missing := [name for name in names if name not in columns]:
        raise BadInput(f"missing in the header: {', '.join(map(repr, missing))}", str(path))
    return Table(path, columns)


def _ids(table: Table, name: str) -> list[str]:
    if pa.types.is_integer(table.columns[name].type):  # what a Parquet column of whole numbers holds
        table.columns[name] = table.columns[name].cast(pa.string())
    found: list[str] = identifiers(table, name).to_pylist()
    return found


def _once(table: Table, name: str) -> list[str]:
    ids, seen = _ids(table, name), set[str]()
    for place, each in enumerate(ids):
        if each in seen:
            table.refuse(place, name, f"{each} is in the file already; name it once")
        seen.add(each)
    return ids


def _loose(table: Table, name: str) -> list[str]:
    """Text that may be missing."""
    found: list[str] = table.columns[name].cast(pa.string()).fill_null("").to_pylist()
    return found
