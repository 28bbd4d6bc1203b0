"""Alarms follow the client's own rhythm, and their replay knows nothing later than the day it stands on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from algorithms.risk import served
from algorithms.risk.at_risk import NOBODY, at_risk, figures, replay
from algorithms.risk.kept import kept_of
from algorithms.risk.orders import Orders, merged
from tests.algorithms.risk.histories import cdnow_sample, day, made_up

CUT = day("1997-09-30")


def flagged(orders: Orders, end: int, horizon: int) -> NDArray[np.bool_]:
    past = orders.until(end)
    return at_risk(served.learn(past, end, horizon, NOBODY), kept_of(past), end)


def test_the_same_silence_is_an_alarm_for_a_weekly_buyer_and_none_for_a_slow_one() -> None:
    crowd = made_up()
    end = int(crowd.day.max())
    ids = [*(crowd.ids[place] for place in crowd.client), *["weekly"] * 20, *["slow"] * 5]
    weekly, slow = [end - 60 - 7 * n for n in range(20)], [end - 60 - 75 * n for n in range(5)]
    orders = merged(ids, np.array([*crowd.day, *weekly, *slow], np.int64), None)
    flags = dict(zip(orders.ids, flagged(orders, end, 45).tolist(), strict=True))
    assert flags["weekly"]
    assert not flags["slow"]


def test_on_cdnow_alarms_are_mostly_right_and_early() -> None:
    found = replay(cdnow_sample(), CUT, 90, step=60)
    assert found is not None
    assert found.precision > found.no_order + 0.08
    assert found.lead_days > 0


def test_an_alarm_is_raised_on_what_was_known_that_day() -> None:
    orders = cdnow_sample()
    whole, known = replay(orders, CUT, 45, step=1_000), replay(orders.until(CUT + 45), CUT, 45, step=1_000)
    assert whole == known
    assert whole is not None
    assert whole.flagged == flagged(orders, CUT, 45).sum()


def test_without_a_horizon_to_judge_by_there_is_nothing_to_tell() -> None:
    orders = cdnow_sample()
    assert replay(orders, int(orders.day.max()) - 10, 90) is None
    assert figures(None) is None


def test_figures_are_plain_numbers() -> None:
    found = figures(replay(cdnow_sample(), CUT, 180, step=90))
    assert found is not None
    assert all(isinstance(value, int | float) for value in found.values())
