"""Alarms follow the client's own rhythm, and their replay knows nothing later than the day it stands on."""

from __future__ import annotations

import numpy as np

from algorithms.risk.at_risk import at_risk, figures, replay
from algorithms.risk.cadence import forecast
from algorithms.risk.orders import merged
from tests.algorithms.risk.histories import cdnow_sample, day, made_up

CUT = day("1997-09-30")


def test_the_same_silence_is_an_alarm_for_a_weekly_buyer_and_none_for_a_slow_one() -> None:
    crowd = made_up()
    end = int(crowd.day.max())
    ids = [*(crowd.ids[place] for place in crowd.client), *["weekly"] * 20, *["slow"] * 5]
    weekly, slow = [end - 60 - 7 * n for n in range(20)], [end - 60 - 75 * n for n in range(5)]
    orders = merged(ids, np.array([*crowd.day, *weekly, *slow], np.int64), None)
    found = forecast(orders, end, 45)
    flags = dict(zip(found.ids, at_risk(found, 45).tolist(), strict=True))
    assert flags["weekly"]
    assert not flags["slow"]


def test_on_cdnow_alarms_are_mostly_right_and_early() -> None:
    found = replay(cdnow_sample(), CUT, 90, step=60)
    assert found is not None
    assert found.precision > found.no_order + 0.08
    assert found.lead_days > 0


def test_an_alarm_is_raised_on_what_was_known_that_day() -> None:
    orders = cdnow_sample()
    whole, past = forecast(orders, CUT, 45), forecast(orders.until(CUT), CUT, 45)
    assert (at_risk(whole, 45) == at_risk(past, 45)).all()


def test_without_a_horizon_to_judge_by_there_is_nothing_to_tell() -> None:
    orders = cdnow_sample()
    assert replay(orders, int(orders.day.max()) - 10, 90) is None
    assert figures(None) is None


def test_figures_are_plain_numbers() -> None:
    found = figures(replay(cdnow_sample(), CUT, 180, step=90))
    assert found is not None
    assert all(isinstance(value, int | float) for value in found.values())
