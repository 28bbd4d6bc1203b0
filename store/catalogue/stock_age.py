"""When the shop last sent its counts of stock."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select, update

from models.base import Sku
from store.catalogue.wholes import is_retired
from store.sql.bulk import among
from store.tables import stock


def note_counts(connection: Connection, skus: Iterable[Sku], real_now: datetime) -> None:
    """Note that the shop sent counts or changes of these skus, the same as before or not."""
    s = stock.c
    connection.execute(update(stock).where(among(connection, s.sku, skus)).values(counted_at=real_now))


class StockAge(NamedTuple):
    """Real times of the shop's counts: the latest, and of what is sold and on hand the one longest ago. None: no count
    is known."""

    latest: datetime | None
    oldest: datetime | None


def find_stock_age(connection: Connection) -> StockAge:
    """Find how old the counts of stock are."""
    s = stock.c
    counted = select(s.counted_at).where(s.counted_at.is_not(None))
    there = counted.where(s.on_hand > 0, ~is_retired())
    return StockAge(
        connection.scalar(counted.order_by(s.counted_at.desc()).limit(1)),
        connection.scalar(there.order_by(s.counted_at).limit(1)),
    )
