"""The two-sample test is the known one, and an alarm needs both a distance and a small chance of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from domain.drift import MIN_VALUES, compute_ks_distance, measure_drift

values = st.lists(st.integers(0, 12), min_size=3, max_size=60).map(
    lambda values_list: np.array(values_list, np.float64)
)


@given(values, values)
def test_the_distance_is_scipy_s(before: np.ndarray, now: np.ndarray) -> None:
    assert compute_ks_distance(before, now) == pytest.approx(ks_2samp(before, now, method="asymp").statistic, abs=1e-12)


def test_the_chance_is_that_of_the_limiting_law() -> None:
    rng = np.random.default_rng(3)
    before, now = rng.normal(0, 1, 500), rng.normal(0.15, 1, 400)
    drift = measure_drift("it", before, now, 0.5)
    assert drift is not None
    assert drift.p == pytest.approx(ks_2samp(before, now, method="asymp").pvalue, rel=0.1)
    assert (drift.before, drift.now, drift.alarm) == (500, 400, False)


@pytest.mark.parametrize(("shift", "n", "alarm"), [(0.0, 2_000, False), (0.1, 20_000, False), (1.0, 2_000, True)])
def test_a_small_move_of_many_raises_no_alarm(shift: float, n: int, alarm: bool) -> None:
    rng = np.random.default_rng(8)
    drift = measure_drift("it", rng.normal(0, 1, n), rng.normal(shift, 1, n), 0.2)
    assert drift is not None
    assert drift.alarm is alarm


def test_few_values_raise_no_alarm_and_too_few_say_nothing() -> None:
    rng = np.random.default_rng(2)
    drift = measure_drift("it", rng.normal(0, 1, MIN_VALUES), rng.normal(0.6, 1, MIN_VALUES), 0.2)
    assert drift is not None
    assert drift.statistic >= 0.2
    assert not drift.alarm
    assert measure_drift("it", np.zeros(MIN_VALUES - 1), np.ones(5_000), 0.2) is None
