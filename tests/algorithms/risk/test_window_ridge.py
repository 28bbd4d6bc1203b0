"""The share of the ridge that holds across windows, and the windows it is fitted on."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit

from algorithms.risk import bgnbd
from algorithms.risk.window_ridge import SHARES, SINGLE_WINDOW_SHARE, compute_agreement, fit_all_windows, fit_windows
from algorithms.risk.windows import ClientSnapshot, TrainingWindow, build_windows, take_snapshot
from tests.algorithms.risk.histories import make_orders


@pytest.fixture(scope="module")
def now() -> ClientSnapshot:
    orders = make_orders(1_500)
    day = int(orders.day.max()) - 60
    return take_snapshot(orders.until(day), day, 60)


@pytest.fixture(scope="module")
def windows(now: ClientSnapshot) -> list[TrainingWindow]:
    orders = make_orders(1_500)
    day = int(orders.day.max()) - 60
    return build_windows(orders.until(day), day, now)


def test_what_holds_in_every_window_is_believed(windows: list[TrainingWindow]) -> None:
    about = [window.snapshot.features for window in windows]
    share = compute_agreement(windows, about)
    assert 0.8 < share <= 1
    assert np.allclose(fit_windows(windows, about).weights, share * fit_all_windows(windows, about).weights)


def test_what_each_window_contradicts_is_not(windows: list[TrainingWindow]) -> None:
    rng = np.random.default_rng(7)
    signs = [1.0 if index % 2 else -1.0 for index in range(len(windows))]
    column = [rng.normal(size=len(window.came)) for window in windows]
    came = [
        rng.random(len(at)) < expit(window.snapshot.log_odds + sign * 2 * at)
        for window, sign, at in zip(windows, signs, column, strict=True)
    ]
    apart = [
        TrainingWindow(window.snapshot, rows.astype(np.float64)) for window, rows in zip(windows, came, strict=True)
    ]
    assert compute_agreement(apart, [at[:, None] for at in column]) < 0.2


def test_one_window_alone_is_believed_as_far_as_is_usual(windows: list[TrainingWindow]) -> None:
    assert compute_agreement(windows[:1], [windows[0].snapshot.features]) == SINGLE_WINDOW_SHARE
    assert SHARES[0] < SINGLE_WINDOW_SHARE < SHARES[-1]


def test_windows_are_seen_through_the_forms_that_will_be_moved(
    now: ClientSnapshot, windows: list[TrainingWindow]
) -> None:
    assert len(windows) > 1
    assert all(window.snapshot.forms == now.forms for window in windows)
    weeks = now.horizon / 7
    both = np.mean([bgnbd.p_order(form, now.clients, weeks) for form in now.forms], axis=0)
    assert np.allclose(now.log_odds, logit(both))
    assert (now.chance == bgnbd.p_order(now.forms[0], now.clients, weeks)).all()
    assert now.forms[1].modified
