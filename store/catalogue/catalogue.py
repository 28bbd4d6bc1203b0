"""What the shop sells and what lies on the shelf."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, Select, select

from models.base import ItemId
from models.catalogue import Item, ItemRow, Season, StockRow
from store.events.rows import cents
from store.events.validator import TOLERANCE
from store.mail.policy import Terms
from store.revisions import number, raise_number
from store.sql.bulk import among, dumped, write
from store.sql.puts import Put, RowRefusal
from store.sql.types import micros
from store.tables import items, stock


class _Kept(NamedTuple):
    """An item as a row of a file states it; `added_at` in microseconds."""

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


class _Shelf(NamedTuple):
    sku: str
    item_id: str
    size: str
    on_hand: int


def put_items(connection: Connection, rows: Sequence[ItemRow], terms: Terms, now: datetime) -> Put[_Kept]:
    """Put items in. Fields that a row does not state keep what is stored; the same row twice changes nothing."""
    ids = {row.item_id for row in rows}
    put = Put({row.item_id: _kept(row) for row in connection.execute(_items(connection, ids))})
    for index, row in enumerate(rows):
        if why := _refuse(row, terms, now):
            put.refused.append(RowRefusal(index, *why))
        else:
            put.state(row.item_id, lambda before, row=row: _merged(before, row, now))  # type: ignore[misc]
    written = [(*row[:-2], dumped(row.sizes), dumped(row.tags)) for row in put.rows]
    write(connection, items, _Kept._fields, written, "replace")
    if written:
        raise_number(connection, "catalogue")
    return put


def _kept(row: Row[Any]) -> _Kept:
    values = {name: getattr(row, name) for name in _Kept._fields}
    return _Kept(**values)._replace(added_at=micros(row.added_at), sizes=tuple(row.sizes), tags=tuple(row.tags))


def _refuse(row: ItemRow, terms: Terms, now: datetime) -> tuple[str, str] | None:
    if row.currency not in (None, terms.currency):
        return "currency", f"{row.currency} is not the shop's {terms.currency} (SELVEDGE_SHOP_CURRENCY)"
    if row.added_at is not None and row.added_at > now + TOLERANCE:
        return "added_at", "lies in the future"
    return None


_PLAIN: Final = frozenset({"brand", "colour", "sustainability", "sizes", "tags"})


def _merged(before: _Kept | None, row: ItemRow, now: datetime) -> _Kept:
    stated = row.model_fields_set
    kept = before or _Kept(
        row.item_id, row.title, row.category, "", "", 0, None, Season.ALL.value, None, micros(now), (), ()
    )
    kept = kept._replace(**{name: getattr(row, name) for name in _PLAIN & stated})
    kept = kept._replace(title=row.title, category=row.category, price_cents=cents(row.price))
    if "cost" in stated:
        kept = kept._replace(cost_cents=None if row.cost is None else cents(row.cost))
    if "season" in stated:
        kept = kept._replace(season=row.season.value)
    return kept if row.added_at is None else kept._replace(added_at=micros(row.added_at))


def put_stock(connection: Connection, rows: Sequence[StockRow]) -> Put[_Shelf]:
    """Put counts of the shelf in; each is the whole count, not a difference, with the units that are held for Fixes.
    Refuses items not in the catalogue. `notes` counts skus of which more are held than there are: who is approved
    first is served."""
    kept = select(*(stock.c[name] for name in _Shelf._fields), stock.c.reserved)
    stored = kept.where(among(connection, stock.c.sku, {row.sku for row in rows})).order_by(stock.c.sku)
    before = connection.execute(stored.with_for_update()).all()
    put = Put({found.sku: _Shelf(*found[:-1]) for found in before})
    named = {row.item_id for row in rows}
    known = set(connection.scalars(select(items.c.item_id).where(among(connection, items.c.item_id, named))))
    for index, row in enumerate(rows):
        if row.item_id not in known:
            put.refused.append(RowRefusal(index, "item_id", "unknown item; import the catalogue first"))
        else:
            shelf = _Shelf(row.sku, row.item_id, row.size, row.on_hand)
            put.state(row.sku, lambda _before, shelf=shelf: shelf)  # type: ignore[misc]
    write(connection, stock, _Shelf._fields, put.rows, "replace")
    if put.rows:
        raise_number(connection, "stock")
    for found in before:
        if (put.changed.get(found.sku) or put.stored[found.sku]).on_hand < found.reserved:
            put.note("held_short")
    return put


def _items(connection: Connection, ids: Iterable[str]) -> Select[Any]:
    return select(items).where(among(connection, items.c.item_id, ids)).order_by(items.c.item_id)


def get_items(connection: Connection, ids: Iterable[ItemId]) -> dict[ItemId, Item]:
    """The items of these ids; ids that nobody knows are left out."""
    return {row.item_id: _item(row) for row in connection.execute(_items(connection, ids))}


def every_item(connection: Connection) -> list[Item]:
    """The whole catalogue, in the order of ids."""
    return [_item(row) for row in connection.execute(select(items).order_by(items.c.item_id))]


def words(connection: Connection) -> tuple[list[str], list[str]]:
    """The categories and the colours of the catalogue, each once."""
    kinds = connection.scalars(select(items.c.category).distinct().order_by(items.c.category))
    shades = connection.scalars(select(items.c.colour).where(items.c.colour != "").distinct().order_by(items.c.colour))
    return list(kinds), list(shades)


def _item(row: Row[Any]) -> Item:
    return Item.model_validate(row, from_attributes=True)


def available(connection: Connection, ids: Iterable[ItemId] | None = None) -> dict[ItemId, dict[str, int]]:
    """Units to give, those held for Fixes apart, by item and size (empty: the item has no sizes); None: of the whole
    shop."""
    wanted = select(stock.c.item_id, stock.c.size, stock.c.on_hand - stock.c.reserved)
    if ids is not None:
        wanted = wanted.where(among(connection, stock.c.item_id, ids))
    found: dict[ItemId, dict[str, int]] = {}
    for item_id, size, units in connection.execute(wanted):
        sizes = found.setdefault(item_id, {})
        sizes[size] = sizes.get(size, 0) + max(units, 0)
    return found


def in_stock(connection: Connection, ids: Iterable[ItemId]) -> bool:
    """Whether none of these items has run out. An item whose stock is not counted here is taken to be there."""
    return all(sum(sizes.values()) > 0 for sizes in available(connection, ids).values())


def fingerprint(connection: Connection) -> str:
    """Differs when the catalogue or the stock changed; costs two look-ups by key."""
    return f"{number(connection, 'catalogue')}.{number(connection, 'stock')}"
