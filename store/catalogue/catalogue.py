"""Items and stock: saved from files, and read whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, Select, case, select

from models.base import ItemId
from models.catalogue import Item
from store.catalogue import pictures
from store.catalogue.wholes import is_retired
from store.revisions import load_number, raise_number
from store.sql.bulk import among, dump_json, give, match_given, write_rows
from store.sql.records import Record
from store.sql.types import to_micros
from store.tables import items, stock


class ItemValues(NamedTuple):
    """An item as a row of a file gives it; `added_at` in microseconds."""

    item_id: str
    title: str
    category: str
    brand: str
    colour: str
    price_cents: int
    cost_cents: int | None
    season: str
    sustainability: float | None
    added_at: int
    url: str
    image_url: str
    description: str
    retired_at: int | None
    sizes: tuple[str, ...]
    tags: tuple[str, ...]
    materials: tuple[str, ...]
    occasions: tuple[str, ...]


LISTS: Final = 4
"""How many of the last columns hold lists."""


class StockValues(NamedTuple):
    """A count of stock as a row of a file gives it."""

    sku: str
    item_id: str
    size: str
    on_hand: int


def load_item_values(connection: Connection, ids: Iterable[ItemId]) -> dict[ItemId, ItemValues]:
    """Load what is stored of these items."""
    rows = connection.execute(_build_items_query(connection.dialect.name), give(connection, ids))
    return {row.item_id: _read_values(row) for row in rows}


def save_item_values(connection: Connection, rows: Iterable[ItemValues]) -> None:
    """Save items, new and changed ones. A new address of a picture is noted, to be fetched."""
    rows = list(rows)
    written = [(*row[:-LISTS], *map(dump_json, row[-LISTS:])) for row in rows]
    write_rows(connection, items, ItemValues._fields, written, "replace")
    if written:
        pictures.request_pictures(connection, {row.item_id: row.image_url for row in rows})
        raise_number(connection, "catalogue")


def _read_values(row: Row[Any]) -> ItemValues:
    values = {name: getattr(row, name) for name in ItemValues._fields}
    return ItemValues(**values)._replace(
        added_at=to_micros(row.added_at),
        retired_at=None if row.retired_at is None else to_micros(row.retired_at),
        sizes=tuple(row.sizes),
        tags=tuple(row.tags),
        materials=tuple(row.materials),
        occasions=tuple(row.occasions),
    )


class CountedStock(NamedTuple):
    """A stored count of stock; `reserved`: of its units, those that Fixes hold."""

    values: StockValues
    reserved: int


def lock_stock(connection: Connection, skus: Iterable[str]) -> list[CountedStock]:
    """Load what is stored of these skus, and lock their rows."""
    columns = select(*(stock.c[name] for name in StockValues._fields), stock.c.reserved)
    query = columns.where(among(connection, stock.c.sku, skus)).order_by(stock.c.sku)
    return [CountedStock(StockValues(*row[:-1]), row.reserved) for row in connection.execute(query.with_for_update())]


def save_stock_values(connection: Connection, rows: Sequence[StockValues]) -> None:
    """Save counts of stock, new and changed ones."""
    write_rows(connection, stock, StockValues._fields, rows, "replace")
    if rows:
        raise_number(connection, "stock")


def find_known_items(connection: Connection, item_ids: Iterable[ItemId]) -> set[ItemId]:
    """Find which of these items are in the catalogue."""
    return set(connection.scalars(select(items.c.item_id).where(among(connection, items.c.item_id, item_ids))))


@cache
def _build_items_query(dialect: str) -> Select[Any]:
    return select(items).where(match_given(dialect, items.c.item_id)).order_by(items.c.item_id)


@cache
def _build_stock_query(dialect: str, *, whole: bool) -> Select[Any]:
    free = case((is_retired(), 0), else_=stock.c.on_hand - stock.c.reserved)
    query = select(stock.c.item_id, stock.c.size, free)
    return query if whole else query.where(match_given(dialect, stock.c.item_id))


def load_items(connection: Connection, ids: Iterable[ItemId]) -> dict[ItemId, Item]:
    """Load the items with these ids; unknown ids are left out."""
    rows = connection.execute(_build_items_query(connection.dialect.name), give(connection, ids))
    return {row.item_id: _parse_item(row) for row in rows}


def list_items(connection: Connection) -> list[Item]:
    """List the whole catalogue, in the order of ids; retired items too, since clients' histories name them."""
    return [_parse_item(row) for row in connection.execute(select(items).order_by(items.c.item_id))]


@dataclass(frozen=True, slots=True)
class SizeStock(Record):
    """The units on hand of one size of an item; the size is empty where it has none."""

    size: str
    on_hand: int


def find_item_with_stock(connection: Connection, item_id: ItemId) -> tuple[Item, list[SizeStock]] | None:
    """Find one item and its sizes with the units on hand; None for an unknown id."""
    item = load_items(connection, [item_id]).get(item_id)
    if item is None:
        return None
    rows = connection.execute(select(*SizeStock.list_columns(stock)).where(stock.c.item_id == item_id))
    return item, [SizeStock.from_row(row) for row in rows]


def load_vocabulary(connection: Connection) -> tuple[list[str], list[str]]:
    """Load the categories and the colours of the catalogue, each once."""
    kinds = connection.scalars(select(items.c.category).distinct().order_by(items.c.category))
    shades = connection.scalars(select(items.c.colour).where(items.c.colour != "").distinct().order_by(items.c.colour))
    return list(kinds), list(shades)


def list_brands(connection: Connection) -> list[str]:
    """List the brands of the catalogue."""
    return list(connection.scalars(select(items.c.brand).where(items.c.brand != "").distinct().order_by(items.c.brand)))


def _parse_item(row: Row[Any]) -> Item:
    return Item.model_validate(row, from_attributes=True)


def count_available(connection: Connection, ids: Iterable[ItemId] | None = None) -> dict[ItemId, dict[str, int]]:
    """Count free units, without those held for Fixes, by item and size (empty: the item has no sizes); none of retired
    items. None: of the whole catalogue."""
    query = _build_stock_query(connection.dialect.name, whole=ids is None)
    by_item: dict[ItemId, dict[str, int]] = {}
    for item_id, size, units in connection.execute(query, {} if ids is None else give(connection, ids)):
        sizes = by_item.setdefault(item_id, {})
        sizes[size] = sizes.get(size, 0) + max(units, 0)
    return by_item


def is_in_stock(connection: Connection, ids: Iterable[ItemId]) -> bool:
    """Return whether none of these items is sold out or retired. An item whose stock is not counted is taken to be
    there."""
    return not find_sold_out(connection, ids)


def find_sold_out(connection: Connection, ids: Iterable[ItemId]) -> set[ItemId]:
    """Find which of these items are sold out or retired. An item whose stock is not counted is taken to be there."""
    ids = tuple(ids)
    if not ids:
        return set()
    retired = connection.scalars(_select_retired(connection.dialect.name), give(connection, ids))
    counted = count_available(connection, ids)
    return {*retired, *(item_id for item_id, sizes in counted.items() if sum(sizes.values()) <= 0)}


@cache  # building it takes longer than running it
def _select_retired(dialect: str) -> Select[tuple[str]]:
    return select(items.c.item_id).where(match_given(dialect, items.c.item_id), items.c.retired_at.is_not(None))


def compute_fingerprint(connection: Connection) -> str:
    """Return a text that changes whenever the catalogue or the stock does; costs two look-ups by key."""
    return f"{load_number(connection, 'catalogue')}.{load_number(connection, 'stock')}"
