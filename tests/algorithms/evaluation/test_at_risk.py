"""Alarms follow the client's own rhythm, and their replay knows nothing later than the day it stands on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from algorithms.evaluation.at_risk import NOBODY, build_figures, flag_at_risk, replay_alarms
from algorithms.risk import risk_model
from algorithms.risk.order_totals import build_totals
from algorithms.risk.orders import Orders, merge_orders
from tests.algorithms.risk.histories import cdnow_sample, day, make_orders

CUT = day("1997-09-30")


def flag_clients(orders: Orders, end: int, horizon: int) -> NDArray[np.bool_]:
    past = orders.until(end)
    return flag_at_risk(risk_model.learn(past, end, horizon, NOBODY), build_totals(past), end)


def test_the_same_silence_is_an_alarm_for_a_weekly_buyer_and_none_for_a_slow_one() -> None:
    crowd = make_orders()
    end = int(crowd.day.max())
    ids = [*(crowd.ids[index] for index in crowd.client), *["weekly"] * 20, *["slow"] * 5]
    weekly, slow = [end - 60 - 7 * n for n in range(20)], [end - 60 - 75 * n for n in range(5)]
    orders = merge_orders(ids, np.array([*crowd.day, *weekly, *slow], np.int64), None)
    flags = dict(zip(orders.ids, flag_clients(orders, end, 45).tolist(), strict=True))
    assert flags["weekly"]
    assert not flags["slow"]


def test_on_cdnow_alarms_are_mostly_right_and_early() -> None:
    result = replay_alarms(cdnow_sample(), CUT, 90, step=60)
    assert result is not None
    assert result.precision > result.no_order + 0.08
    assert result.lead_days > 0


def test_an_alarm_is_raised_on_what_was_known_that_day() -> None:
    orders = cdnow_sample()
    whole, known = (
        replay_alarms(orders, CUT, 45, step=1_000),
        replay_alarms(orders.until(CUT + 45), CUT, 45, step=1_000),
    )
    assert whole == known
    assert whole is not None
    assert whole.flagged == flag_clients(orders, CUT, 45).sum()


def test_without_a_horizon_to_judge_by_there_is_nothing_to_tell() -> None:
    orders = cdnow_sample()
    assert replay_alarms(orders, int(orders.day.max()) - 10, 90) is None
    assert build_figures(None) is None


def test_figures_are_plain_numbers() -> None:
    result = build_figures(replay_alarms(cdnow_sample(), CUT, 180, step=90))
    assert result is not None
    assert all(isinstance(value, int | float) for value in result.values())
