"""Shadow prices of the last wave: kept whole, each wave in the place of the one before."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Connection, Engine

from domain.stock_prices import StockPrice
from store.database import read_transaction, write_transaction
from store.fixes import stock_prices
from tests.store.conftest import NOW


def _put_prices(connection: Connection, wave: str, prices: dict[str, float], days: int = 0) -> None:
    stock_prices.replace_prices(connection, wave, prices, dict.fromkeys(prices, 3), 0.4, NOW + timedelta(days=days))


def _load_prices(connection: Connection, skus: list[str]) -> dict[str, float]:
    return {sku: stock_price.price for sku, stock_price in stock_prices.load_prices(connection, skus).items()}


def test_prices_of_the_last_wave_stand(engine: Engine) -> None:
    with write_transaction(engine) as connection:
        _put_prices(connection, "w1", {"a": 0.25, "b": 0.5, "plenty": 0.0})
    with read_transaction(engine) as connection:
        assert _load_prices(connection, ["a", "b", "plenty", "unknown"]) == {"a": 0.25, "b": 0.5, "plenty": 0.0}
        assert stock_prices.load_prices(connection, ["a"]) == {"a": StockPrice(0.25, 3, 0.4, NOW)}
        assert stock_prices.load_prices(connection, []) == {}
    with write_transaction(engine) as connection:
        _put_prices(connection, "w2", {"b": 0.125, "c": 0.75}, days=1)
        _put_prices(connection, "w2", {"b": 0.125, "c": 0.75}, days=1)  # tried again
    with read_transaction(engine) as connection:
        assert _load_prices(connection, ["a", "b", "c"]) == {"b": 0.125, "c": 0.75}


def test_a_wave_of_nothing_leaves_no_price(engine: Engine) -> None:
    with write_transaction(engine) as connection:
        _put_prices(connection, "w1", {"a": 0.25})
        _put_prices(connection, "w2", {})
        assert stock_prices.load_prices(connection, ["a"]) == {}
