"""Shadow prices: what a unit of each sku was worth to other Fixes in the last wave."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, delete, select

from domain.stock_prices import StockPrice
from models.base import Id, Sku
from store.sql.bulk import among, write_rows
from store.sql.types import to_micros
from store.tables import stock_prices


def replace_prices(
    connection: Connection,
    wave_id: Id,
    prices: Mapping[Sku, float],
    free: Mapping[Sku, int],
    usual: float,
    now: datetime,
) -> None:
    """Replace all earlier prices by those of a wave. `free`: units that its boxes left; `usual`: the mean score of the
    ranked items."""
    connection.execute(delete(stock_prices))
    rows = [(sku, float(price), free[sku], usual, wave_id, to_micros(now)) for sku, price in sorted(prices.items())]
    write_rows(connection, stock_prices, ("sku", "price", "free", "usual", "wave_id", "at"), rows, "replace")


def load_prices(connection: Connection, skus: Iterable[Sku]) -> dict[Sku, StockPrice]:
    """Load the prices of those skus that were in the last wave; the others cost nothing."""
    p = stock_prices.c
    query = select(p.sku, p.price, p.free, p.usual, p.at).where(among(connection, p.sku, skus))
    return {sku: StockPrice(*values) for sku, *values in connection.execute(query)}
