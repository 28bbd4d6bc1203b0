"""Shadow prices of the last wave: kept whole, each wave in the place of the one before."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import Engine

from store import stock_prices
from store.database import reading, writing
from tests.store.conftest import NOW


def test_prices_of_the_last_wave_stand(engine: Engine) -> None:
    with writing(engine) as connection:
        stock_prices.put(connection, "w1", {"a": 0.25, "b": 0.5, "free": 0.0}, NOW)
    with reading(engine) as connection:
        assert stock_prices.of(connection, ["a", "b", "free", "unknown"]) == {"a": 0.25, "b": 0.5}
        assert stock_prices.of(connection, []) == {}
    with writing(engine) as connection:
        stock_prices.put(connection, "w2", {"b": 0.125, "c": 0.75}, NOW + timedelta(days=1))
        stock_prices.put(connection, "w2", {"b": 0.125, "c": 0.75}, NOW + timedelta(days=1))  # tried again
    with reading(engine) as connection:
        assert stock_prices.of(connection, ["a", "b", "c"]) == {"b": 0.125, "c": 0.75}


def test_a_wave_in_which_nothing_was_short_leaves_no_price(engine: Engine) -> None:
    with writing(engine) as connection:
        stock_prices.put(connection, "w1", {"a": 0.25}, NOW)
        stock_prices.put(connection, "w2", {}, NOW)
        assert stock_prices.of(connection, ["a"]) == {}
