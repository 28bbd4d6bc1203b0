"""The two-sample test is the known one, and an alarm needs both a distance and a small chance of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ks_2samp

from domain.drift import FEWEST, distance, moved

values = st.lists(st.integers(0, 12), min_size=3, max_size=60).map(lambda some: np.array(some, np.float64))


@given(values, values)
def test_the_distance_is_scipy_s(before: np.ndarray, now: np.ndarray) -> None:
    assert distance(before, now) == pytest.approx(ks_2samp(before, now, method="asymp").statistic, abs=1e-12)


def test_the_chance_is_that_of_the_limiting_law() -> None:
    rng = np.random.default_rng(3)
    before, now = rng.normal(0, 1, 500), rng.normal(0.15, 1, 400)
    found = moved("it", before, now, 0.5)
    assert found is not None
    assert found.p == pytest.approx(ks_2samp(before, now, method="asymp").pvalue, rel=0.1)
    assert (found.before, found.now, found.alarm) == (500, 400, False)


@pytest.mark.parametrize(("shift", "n", "alarm"), [(0.0, 2_000, False), (0.1, 20_000, False), (1.0, 2_000, True)])
def test_a_small_move_of_many_raises_no_alarm(shift: float, n: int, alarm: bool) -> None:
    rng = np.random.default_rng(8)
    found = moved("it", rng.normal(0, 1, n), rng.normal(shift, 1, n), 0.2)
    assert found is not None
    assert found.alarm is alarm


def test_few_values_raise_no_alarm_and_too_few_say_nothing() -> None:
    rng = np.random.default_rng(2)
    found = moved("it", rng.normal(0, 1, FEWEST), rng.normal(0.6, 1, FEWEST), 0.2)
    assert found is not None
    assert found.statistic >= 0.2
    assert not found.alarm
    assert moved("it", np.zeros(FEWEST - 1), np.ones(5_000), 0.2) is None
