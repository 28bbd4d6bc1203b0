"""What lies on the shelf of each sku, and how much of it is held for Fixes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeAlias

from sqlalchemy import Connection, select, update

from domain.fixes.rules import Unit
from errors import Unavailable
from models.base import ItemId, Sku
from store.revisions import raise_number
from store.sql.bulk import among
from store.tables import stock


class Shelf(NamedTuple):
    """Units of one sku."""

    on_hand: int
    reserved: int

    @property
    def free(self) -> int:
        """Units to give; below nothing when a count came in lower than what was held."""
        return self.on_hand - self.reserved


Shelves: TypeAlias = dict[Sku, Shelf]


def units(connection: Connection, item_ids: Iterable[ItemId]) -> list[Unit]:
    """The skus of these items, in their order."""
    s = stock.c
    query = select(s.sku, s.item_id, s.size, s.on_hand - s.reserved).where(among(connection, s.item_id, item_ids))
    return [Unit(*row) for row in connection.execute(query.order_by(s.sku))]


def free(connection: Connection, skus: Iterable[Sku]) -> dict[Sku, int]:
    """Units to give of those skus that exist."""
    s = stock.c
    query = select(s.sku, s.on_hand - s.reserved).where(among(connection, s.sku, skus))
    return {sku: units for sku, units in connection.execute(query)}  # noqa: C416 - dict() of rows loses the types


def lock(connection: Connection, skus: Iterable[Sku]) -> Shelves:
    """The shelves of those skus that exist, which nobody else changes until the transaction ends. In one order for all
    writers, or they could lock each other out."""
    s = stock.c
    query = select(s.sku, s.on_hand, s.reserved).where(among(connection, s.sku, skus)).order_by(s.sku)
    return {sku: Shelf(on_hand, reserved) for sku, on_hand, reserved in connection.execute(query.with_for_update())}


def count(connection: Connection, shelf: Shelves, change: Mapping[Sku, int], *, sold: bool = False) -> None:
    """Add to what is reserved of locked shelves, and to what is on hand too when sold.

    The conditions hold by the lock; they are asked all the same. Raises Unavailable should one not.
    """
    s = stock.c
    for step in sorted(set(change.values())):
        skus = [sku for sku, each in change.items() if each == step]
        enough = s.on_hand - s.reserved >= step if step > 0 else s.reserved >= -step
        values = {"reserved": s.reserved + step} | ({"on_hand": s.on_hand + step} if sold else {})
        changed = connection.execute(update(stock).where(among(connection, s.sku, skus), enough).values(values))
        if changed.rowcount != len(skus):
            raise Unavailable("the stock changed under a lock; nothing was kept")
    if not sold and any(_turns(shelf[sku], step) for sku, step in change.items()):
        raise_number(connection, "stock")


def _turns(shelf: Shelf, step: int) -> bool:
    """Whether the sku runs out, or is there again: only then must readers in memory look anew."""
    return (shelf.free > 0) != (shelf.free - step > 0)
