"""Stock levels: units on hand by sku, and how many of them are reserved for Fixes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeAlias

from sqlalchemy import Case, Connection, case, select, update

from domain.fixes.candidates import StockUnit
from errors import Unavailable
from models.base import ItemId, Sku
from store.catalogue.wholes import is_retired
from store.revisions import raise_number
from store.sql.bulk import among
from store.tables import stock


class StockLevel(NamedTuple):
    """Units of one sku."""

    on_hand: int
    reserved: int
    retired: bool = False
    """Whether the shop no longer sells the item."""

    @property
    def free(self) -> int:
        """Units to give; below nothing when a count came in lower than what was held. None of a retired item."""
        return min(0, self.on_hand - self.reserved) if self.retired else self.on_hand - self.reserved


StockLevels: TypeAlias = dict[Sku, StockLevel]


def list_units(connection: Connection, item_ids: Iterable[ItemId]) -> list[StockUnit]:
    """List the skus of these items with their free units, in the order of skus. Retired items have none."""
    s = stock.c
    query = select(s.sku, s.item_id, s.size, _free()).where(among(connection, s.item_id, item_ids))
    return [StockUnit(*row) for row in connection.execute(query.order_by(s.sku))]


def find_items(connection: Connection, skus: Iterable[Sku]) -> set[ItemId]:
    """Find the items of which these are skus."""
    return set(connection.scalars(select(stock.c.item_id).where(among(connection, stock.c.sku, skus))))


def count_free(connection: Connection, skus: Iterable[Sku]) -> dict[Sku, int]:
    """Count the free units of those skus that exist."""
    s = stock.c
    query = select(s.sku, _free()).where(among(connection, s.sku, skus))
    return {sku: units for sku, units in connection.execute(query)}  # noqa: C416 - dict() of rows loses the types


def lock_levels(connection: Connection, skus: Iterable[Sku]) -> StockLevels:
    """Load the levels of those skus that exist, and lock them until the transaction ends. All writers lock in one
    order, so that they cannot deadlock."""
    s = stock.c
    query = select(s.sku, s.on_hand, s.reserved, is_retired()).where(among(connection, s.sku, skus)).order_by(s.sku)
    rows = connection.execute(query.with_for_update())
    return {sku: StockLevel(on_hand, reserved, bool(retired)) for sku, on_hand, reserved, retired in rows}


def list_sizes_in_stock(connection: Connection) -> list[str]:
    """List the sizes of which anything is free; empty text where something comes in one size."""
    return list(connection.scalars(select(stock.c.size).where(_free() > 0).distinct()))


def _free() -> Case[int]:
    return case((is_retired(), 0), else_=stock.c.on_hand - stock.c.reserved)


def change_reserved(
    connection: Connection, levels: StockLevels, change: Mapping[Sku, int], *, sold: bool = False
) -> None:
    """Add to the reserved units of locked levels, and to the units on hand too when sold.

    The lock guarantees the conditions; they are checked all the same. Raises Unavailable should one fail.
    """
    s = stock.c
    for step in sorted(set(change.values())):
        skus = [sku for sku, units in change.items() if units == step]
        enough = s.on_hand - s.reserved >= step if step > 0 else s.reserved >= -step
        values = {"reserved": s.reserved + step} | ({"on_hand": s.on_hand + step} if sold else {})
        changed = connection.execute(update(stock).where(among(connection, s.sku, skus), enough).values(values))
        if changed.rowcount != len(skus):
            raise Unavailable("the stock changed under a lock; nothing was kept")
    if not sold and any(_crosses_zero(levels[sku], step) for sku, step in change.items()):
        raise_number(connection, "stock")


def _crosses_zero(level: StockLevel, step: int) -> bool:
    """Return whether the sku sells out or comes back: only then must readers reload what they hold in memory."""
    return (level.free > 0) != (level.free - step > 0)
