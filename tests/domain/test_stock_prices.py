"""What single requests pay between waves."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from domain.stock_prices import FLOOR, StockPrice, compute_price, compute_prices
from models.base import utc

NOON = utc(2026, 11, 21, 12)
WAVE = NOON - timedelta(hours=12)


def test_what_sells_as_foretold_keeps_its_price() -> None:
    prices, free = np.array([0.2, 0.0]), np.array([100, 40])
    assert compute_price(prices, free // 2, free, 0.5, 0.4) == pytest.approx([0.2, 0.0], abs=0.002)


def test_what_sells_faster_grows_dearer_and_what_lags_keeps_half_its_price_at_least() -> None:
    prices, free = np.array([0.2, 0.2, 0.0]), np.array([100, 100, 100])
    fast, slow, plenty = compute_price(prices, np.array([5, 100, 5]), free, 0.5, 0.4)
    assert fast > 0.3
    assert slow == pytest.approx(max(FLOOR * 0.2, 0.2 - 0.1 * np.log(100.5 / 50.5)))
    assert plenty > 0.1  # nothing was short in the wave, and now it is


def test_prices_stand_while_no_wave_comes() -> None:
    last_prices = {"a": StockPrice(0.2, 10, 0.4, WAVE)}
    late = [compute_prices(last_prices, {"a": 10}, WAVE + timedelta(days=days))["a"] for days in (1, 2, 30)]
    assert late == [FLOOR * 0.2] * 3


def test_what_was_in_no_wave_costs_nothing() -> None:
    last_prices = {"a": StockPrice(0.2, 10, 0.4, WAVE)}
    assert compute_prices(last_prices, {"a": 5, "new": 3}, NOON).keys() == {"a"}
    assert compute_prices({}, {"new": 3}, NOON) == {}


def test_a_clock_that_was_set_back_changes_nothing() -> None:
    last_prices = {"a": StockPrice(0.2, 10, 0.4, NOON)}
    assert compute_prices(last_prices, {"a": 10}, NOON - timedelta(days=2)) == compute_prices(
        last_prices, {"a": 10}, NOON
    )
