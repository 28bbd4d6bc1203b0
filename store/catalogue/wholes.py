"""What a whole catalogue or a whole count of stock leaves out: items are retired, skus go out of stock."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, Exists, exists, select, update

from models.base import ItemId, Sku
from store.revisions import raise_number
from store.sql.bulk import among
from store.tables import items, stock


def list_sold_items(connection: Connection) -> set[ItemId]:
    """List the items that are sold: all that are not retired."""
    return set(connection.scalars(select(items.c.item_id).where(items.c.retired_at.is_(None))))


def list_stocked_skus(connection: Connection) -> set[Sku]:
    """List the skus of which any unit is on hand."""
    return set(connection.scalars(select(stock.c.sku).where(stock.c.on_hand > 0)))


def list_made_sizes(connection: Connection) -> set[str]:
    """List the sizes in which anything that is sold is made, as the shop writes them."""
    stocked = connection.scalars(select(stock.c.size).where(~is_retired()).distinct())
    made = connection.scalars(select(items.c.sizes).where(items.c.retired_at.is_(None)))
    return {*stocked, *(size for sizes in made for size in sizes)}


def has_stock(connection: Connection) -> bool:
    """Return whether any stock was ever counted."""
    return connection.scalar(select(stock.c.sku).limit(1)) is not None


def retire_items(connection: Connection, item_ids: Iterable[ItemId], now: datetime) -> int:
    """Retire items at business `now`, and return how many they are."""
    i = items.c
    retired = connection.execute(
        update(items).where(among(connection, i.item_id, item_ids), i.retired_at.is_(None)).values(retired_at=now)
    ).rowcount
    if retired:
        raise_number(connection, "catalogue")
    return retired


def empty_skus(connection: Connection, skus: Iterable[Sku]) -> int:
    """Set the units on hand of skus to none, and return how many skus that changes."""
    s = stock.c
    emptied = connection.execute(
        update(stock).where(among(connection, s.sku, skus), s.on_hand > 0).values(on_hand=0)
    ).rowcount
    if emptied:
        raise_number(connection, "stock")
    return emptied


def is_retired() -> Exists:
    """Build the condition that the item of a row of `stock` is retired."""
    return exists().where(items.c.item_id == stock.c.item_id, items.c.retired_at.is_not(None)).correlate(stock)
