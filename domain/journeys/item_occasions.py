"""What happens to items that lets clients enter campaigns: one came back into stock, or became cheaper."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from domain.journeys.entries import EntryOccasion
from models.base import ClientId, ItemId
from models.campaign_definition import BackInStockEntry, Entry, ItemEntry, PriceDropEntry
from models.journey_steps import ItemOccasionKind


class SeenItem(NamedTuple):
    """How an item stood when it was looked at. `in_stock`: None where its stock is not counted."""

    in_stock: bool | None
    price_cents: int


class ItemChange(NamedTuple):
    """An occasion: an item and what happened to it."""

    kind: ItemOccasionKind
    item_id: ItemId
    was_cents: int
    is_cents: int


def find_changes(before: Mapping[ItemId, SeenItem], now: Mapping[ItemId, SeenItem]) -> list[ItemChange]:
    """Find the occasions between two looks. An item that nobody had looked at is none: it is new, or the look is the
    first."""
    found = []
    for item_id, seen in now.items():
        last = before.get(item_id)
        if last is None:
            continue
        cents = (last.price_cents, seen.price_cents)
        if last.in_stock is False and seen.in_stock:
            found.append(ItemChange(ItemOccasionKind.BACK_IN_STOCK, item_id, *cents))
        if 0 < seen.price_cents < last.price_cents:
            found.append(ItemChange(ItemOccasionKind.PRICE_DROP, item_id, *cents))
    return found


def lets_enter(entry: Entry, change: ItemChange) -> bool:
    """Return whether what happened to an item lets its wishers enter by this entry."""
    if isinstance(entry, BackInStockEntry):
        return change.kind is ItemOccasionKind.BACK_IN_STOCK
    if not isinstance(entry, PriceDropEntry) or change.kind is not ItemOccasionKind.PRICE_DROP:
        return False
    return change.was_cents - change.is_cents >= entry.at_least * change.was_cents


def list_wisher_occasions(
    entry: ItemEntry,
    item_id: ItemId,
    at: datetime,
    wishers: Iterable[tuple[ClientId, datetime]],
) -> dict[ClientId, EntryOccasion]:
    """List the occasions that it is for those whose wish is young enough."""
    due = at + (entry.wait or timedelta())
    return {
        client_id: EntryOccasion(client_id, at, due, item_id)
        for client_id, wished_at in wishers
        if wished_at > at - entry.wished_within
    }
