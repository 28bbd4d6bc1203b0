"""Items and stock: imported from files and `PUT` requests, and read whole."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, Select, select

from models.base import ItemId
from models.catalogue import Item, ItemRow, Season, StockRow
from store.events.rows import convert_to_cents
from store.events.validator import TOLERANCE
from store.mail.policy import ShopPolicy
from store.revisions import load_number, raise_number
from store.sql.bulk import RowRefusal, UpsertBatch, among, dump_json, give, match_given, write_rows
from store.sql.records import Record
from store.sql.types import to_micros
from store.tables import items, stock


class _ItemValues(NamedTuple):
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
    sizes: tuple[str, ...]
    tags: tuple[str, ...]


class _StockValues(NamedTuple):
    sku: str
    item_id: str
    size: str
    on_hand: int


def put_items(
    connection: Connection, rows: Sequence[ItemRow], policy: ShopPolicy, now: datetime
) -> UpsertBatch[_ItemValues]:
    """Save items. Fields that a row leaves out keep their stored values; saving the same row twice changes nothing."""
    ids = {row.item_id for row in rows}
    stored = connection.execute(_build_items_query(connection.dialect.name), give(connection, ids))
    batch = UpsertBatch({row.item_id: _read_values(row) for row in stored})
    for index, row in enumerate(rows):
        if why := _refuse(row, policy, now):
            batch.refused.append(RowRefusal(index, *why))
        else:
            batch.add_row(row.item_id, lambda before, row=row: _merge(before, row, now))  # type: ignore[misc]
    written = [(*row[:-2], dump_json(row.sizes), dump_json(row.tags)) for row in batch.rows]
    write_rows(connection, items, _ItemValues._fields, written, "replace")
    if written:
        raise_number(connection, "catalogue")
    return batch


def _read_values(row: Row[Any]) -> _ItemValues:
    values = {name: getattr(row, name) for name in _ItemValues._fields}
    return _ItemValues(**values)._replace(
        added_at=to_micros(row.added_at), sizes=tuple(row.sizes), tags=tuple(row.tags)
    )


def _refuse(row: ItemRow, policy: ShopPolicy, now: datetime) -> tuple[str, str] | None:
    if row.currency not in (None, policy.currency):
        return "currency", f"{row.currency} is not the shop's {policy.currency} (SELVEDGE_SHOP_CURRENCY)"
    if row.added_at is not None and row.added_at > now + TOLERANCE:
        return "added_at", "lies in the future"
    return None


_PLAIN: Final = frozenset({"brand", "colour", "sustainability", "sizes", "tags"})


def _merge(before: _ItemValues | None, row: ItemRow, now: datetime) -> _ItemValues:
    fields_set = row.model_fields_set
    values = before or _ItemValues(
        row.item_id, row.title, row.category, "", "", 0, None, Season.ALL.value, None, to_micros(now), (), ()
    )
    values = values._replace(**{name: getattr(row, name) for name in _PLAIN & fields_set})
    values = values._replace(title=row.title, category=row.category, price_cents=convert_to_cents(row.price))
    if "cost" in fields_set:
        values = values._replace(cost_cents=None if row.cost is None else convert_to_cents(row.cost))
    if "season" in fields_set:
        values = values._replace(season=row.season.value)
    return values if row.added_at is None else values._replace(added_at=to_micros(row.added_at))


def put_stock(connection: Connection, rows: Sequence[StockRow]) -> UpsertBatch[_StockValues]:
    """Save stock counts; each is the whole count, including the units that are held for Fixes. Refuses items that are
    not in the catalogue. `notes` counts skus with more units held than on hand: the first Fix approved gets them."""
    columns = select(*(stock.c[name] for name in _StockValues._fields), stock.c.reserved)
    query = columns.where(among(connection, stock.c.sku, {row.sku for row in rows})).order_by(stock.c.sku)
    before = connection.execute(query.with_for_update()).all()
    batch = UpsertBatch({old.sku: _StockValues(*old[:-1]) for old in before})
    item_ids = {row.item_id for row in rows}
    known = set(connection.scalars(select(items.c.item_id).where(among(connection, items.c.item_id, item_ids))))
    for index, row in enumerate(rows):
        if row.item_id not in known:
            batch.refused.append(RowRefusal(index, "item_id", "unknown item; import the catalogue first"))
        else:
            values = _StockValues(row.sku, row.item_id, row.size, row.on_hand)
            batch.add_row(row.sku, lambda _before, values=values: values)  # type: ignore[misc]
    write_rows(connection, stock, _StockValues._fields, batch.rows, "replace")
    if batch.rows:
        raise_number(connection, "stock")
    for old in before:
        if (batch.changed.get(old.sku) or batch.stored[old.sku]).on_hand < old.reserved:
            batch.count_note("held_short")
    return batch


@cache
def _build_items_query(dialect: str) -> Select[Any]:
    return select(items).where(match_given(dialect, items.c.item_id)).order_by(items.c.item_id)


@cache
def _build_stock_query(dialect: str, *, whole: bool) -> Select[Any]:
    query = select(stock.c.item_id, stock.c.size, stock.c.on_hand - stock.c.reserved)
    return query if whole else query.where(match_given(dialect, stock.c.item_id))


def load_items(connection: Connection, ids: Iterable[ItemId]) -> dict[ItemId, Item]:
    """Load the items with these ids; unknown ids are left out."""
    rows = connection.execute(_build_items_query(connection.dialect.name), give(connection, ids))
    return {row.item_id: _parse_item(row) for row in rows}


def list_items(connection: Connection) -> list[Item]:
    """List the whole catalogue, in the order of ids."""
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
    """Count free units, without those held for Fixes, by item and size (empty: the item has no sizes). None: of the
    whole catalogue."""
    query = _build_stock_query(connection.dialect.name, whole=ids is None)
    by_item: dict[ItemId, dict[str, int]] = {}
    for item_id, size, units in connection.execute(query, {} if ids is None else give(connection, ids)):
        sizes = by_item.setdefault(item_id, {})
        sizes[size] = sizes.get(size, 0) + max(units, 0)
    return by_item


def is_in_stock(connection: Connection, ids: Iterable[ItemId]) -> bool:
    """Return whether none of these items is sold out. An item whose stock is not counted is taken to be there."""
    return all(sum(sizes.values()) > 0 for sizes in count_available(connection, ids).values())


def compute_fingerprint(connection: Connection) -> str:
    """Return a text that changes whenever the catalogue or the stock does; costs two look-ups by key."""
    return f"{load_number(connection, 'catalogue')}.{load_number(connection, 'stock')}"
