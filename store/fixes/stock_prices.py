"""What a unit of each sku was worth to others in the last wave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, select

from domain.stock_prices import StockPrice
from models.base import Id, Sku
from store.sql.bulk import among, write
from store.sql.types import micros
from store.tables import stock_prices


def put(
    connection: Connection,
    wave_id: Id,
    prices: Mapping[Sku, float],
    free: Mapping[Sku, int],
    usual: float,
    now: datetime,
) -> None:
    """Keep the prices of a wave in the place of all earlier ones. `free`: units that its boxes left; `usual`: the mean
    score of what was ranked."""
    connection.execute(delete(stock_prices))
    rows = [(sku, float(price), free[sku], usual, wave_id, micros(now)) for sku, price in sorted(prices.items())]
    write(connection, stock_prices, ("sku", "price", "free", "usual", "wave_id", "at"), rows, "replace")


def of(connection: Connection, skus: Iterable[Sku]) -> dict[Sku, StockPrice]:
    """The prices of those skus that were in the last wave; the others cost nothing."""
    p = stock_prices.c
    query = select(p.sku, p.price, p.free, p.usual, p.at).where(among(connection, p.sku, skus))
    return {sku: StockPrice(*kept) for sku, *kept in connection.execute(query)}
