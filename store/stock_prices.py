"""What a unit of each sku is worth to others: the shadow prices of the last wave, in score."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, select

from models.base import Id, Sku
from store.bulk import among, write
from store.tables import stock_prices
from store.types import micros


def put(connection: Connection, wave_id: Id, prices: Mapping[Sku, float], now: datetime) -> None:
    """Keep the prices of a wave in the place of all earlier ones. What costs nothing is left out."""
    connection.execute(delete(stock_prices))
    rows = [(sku, float(price), wave_id, micros(now)) for sku, price in sorted(prices.items()) if price > 0]
    write(connection, stock_prices, ("sku", "price", "wave_id", "at"), rows, "replace")


def of(connection: Connection, skus: Iterable[Sku]) -> dict[Sku, float]:
    """The prices of those skus that have one; the others cost nothing."""
    p = stock_prices.c
    return {
        row.sku: row.price for row in connection.execute(select(p.sku, p.price).where(among(connection, p.sku, skus)))
    }
