"""The level: what past misses bear out, and no more."""

from __future__ import annotations

import numpy as np
import pytest

from algorithms.risk.backtest import measure_misses, select_clients
from algorithms.risk.level import Misses, predict_miss
from tests.algorithms.risk.histories import make_orders

DAYS = 60


def build_misses(middle: list[float], miss: list[float], reach: float = 0.1) -> Misses:
    n = len(miss)
    return Misses(np.array(middle), np.full(n, float(DAYS)), np.array(miss), np.full(n, 0.03), np.full(n, reach))


def test_without_a_past_nothing_is_moved() -> None:
    assert predict_miss(build_misses([], []), 0.0, DAYS) == 0.0


def test_what_every_window_says_is_believed_and_what_they_dispute_is_not() -> None:
    days = [-30.0, -90.0, -150.0, -210.0]
    assert predict_miss(build_misses(days, [-0.4, -0.4, -0.4, -0.4]), 30.0, DAYS) == pytest.approx(-0.4, abs=0.08)
    assert abs(predict_miss(build_misses(days, [0.4, -0.4, 0.4, -0.4]), 30.0, DAYS)) < 0.2


def test_a_season_that_came_back_is_expected_again() -> None:
    days = [30.0 - 365 * year + aside for year in (1, 2, 3) for aside in (0, 90, 180, 270)]
    misses = build_misses(days, [0.8, 0.0, -0.8, 0.0] * 3)
    assert predict_miss(misses, 30.0, DAYS) > 0.5
    assert predict_miss(misses, 210.0, DAYS) < -0.5


def test_a_forecast_from_a_short_past_weighs_little() -> None:
    days = [-30.0, -90.0]
    young, old = (predict_miss(build_misses(days, [0.5, 0.5], reach), 30.0, DAYS) for reach in (1.0, 0.1))
    assert young < 0.75 * old


def test_windows_see_nothing_later_and_no_order_of_rows() -> None:
    orders = make_orders(400)
    day = 10_330
    seen, cut = (measure_misses(shop, day, DAYS) for shop in (orders.until(day), orders.until(day).until(day)))
    assert (seen.share.miss == cut.share.miss).all()
    assert (seen.share.middle + DAYS / 4 <= day).all()


def test_of_many_clients_some_are_looked_at_evenly() -> None:
    orders = make_orders(400)
    sample = select_clients(orders, 150)
    assert sample.ids == orders.ids[::3]
    assert len(np.unique(sample.client)) == len(sample.ids)
    assert [int(day) for day in sample.day[sample.client == 1]] == [int(day) for day in orders.day[orders.client == 3]]
