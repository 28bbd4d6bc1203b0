"""Save items and counts of stock that the shop sends."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from domain.intake import TOLERANCE
from models.catalogue import ItemRow, Season, StockRow
from store.catalogue import catalogue
from store.catalogue.catalogue import ItemValues, StockValues
from store.catalogue.stock_age import note_counts
from store.events.rows import convert_to_cents
from store.mail.policy import ShopPolicy
from store.sql.bulk import RowRefusal, UpsertBatch
from store.sql.types import to_micros


def put_items(
    connection: Connection, rows: Sequence[ItemRow], policy: ShopPolicy, now: datetime
) -> UpsertBatch[ItemValues]:
    """Save items. Fields that a row leaves out keep their stored values; saving the same row twice changes nothing. A
    row brings a retired item back."""
    ids = {row.item_id for row in rows}
    batch = UpsertBatch(catalogue.load_item_values(connection, ids))
    for index, row in enumerate(rows):
        if why := _refuse(row, policy, now):
            batch.refused.append(RowRefusal(index, *why))
        else:
            batch.add_row(row.item_id, lambda before, row=row: _merge(before, row, now))  # type: ignore[misc]
    catalogue.save_item_values(connection, batch.rows)
    return batch


def _refuse(row: ItemRow, policy: ShopPolicy, now: datetime) -> tuple[str, str] | None:
    if row.currency not in (None, policy.currency):
        return "currency", f"{row.currency} is not the shop's {policy.currency} (SELVEDGE_SHOP_CURRENCY)"
    if row.added_at is not None and row.added_at > now + TOLERANCE:
        return "added_at", "lies in the future"
    return None


_PLAIN: Final = frozenset(
    {"brand", "colour", "sustainability", "url", "image_url", "description", *ItemValues._fields[-catalogue.LISTS :]}
)
_NOTHING: Final = ItemValues(
    *("", "", "", "", "", 0, None, Season.ALL.value, None, 0),
    *("", "", "", None, (), (), (), ()),
)


def _merge(before: ItemValues | None, row: ItemRow, now: datetime) -> ItemValues:
    fields_set = row.model_fields_set
    values = before or _NOTHING._replace(item_id=row.item_id, added_at=to_micros(now))
    values = values._replace(**{name: getattr(row, name) for name in _PLAIN & fields_set})
    cents = convert_to_cents(row.price)
    values = values._replace(title=row.title, category=row.category, price_cents=cents, retired_at=None)
    if "cost" in fields_set:
        values = values._replace(cost_cents=None if row.cost is None else convert_to_cents(row.cost))
    if "season" in fields_set:
        values = values._replace(season=row.season.value)
    return values if row.added_at is None else values._replace(added_at=to_micros(row.added_at))


def put_stock(
    connection: Connection, rows: Sequence[StockRow], real_now: datetime | None = None
) -> UpsertBatch[StockValues]:
    """Save stock counts; each is the whole count, including the units that are held for Fixes. Refuses items that are
    not in the catalogue. `real_now`: when the shop sent them, where that is known. `notes` counts skus with more units
    held than on hand: the first Fix approved gets them."""
    before = catalogue.lock_stock(connection, {row.sku for row in rows})
    batch = UpsertBatch({old.values.sku: old.values for old in before})
    known = catalogue.find_known_items(connection, {row.item_id for row in rows})
    for index, row in enumerate(rows):
        if row.item_id not in known:
            batch.refused.append(RowRefusal(index, "item_id", "unknown item; import the catalogue first"))
        else:
            values = StockValues(row.sku, row.item_id, row.size, row.on_hand)
            batch.add_row(row.sku, lambda _before, values=values: values)  # type: ignore[misc]
    catalogue.save_stock_values(connection, batch.rows)
    if real_now is not None:
        note_counts(connection, {row.sku for row in rows}, real_now)
    for old in before:
        if (batch.changed.get(old.values.sku) or old.values).on_hand < old.reserved:
            batch.count_note("held_short")
    return batch
