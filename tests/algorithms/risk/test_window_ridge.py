"""The share of the ridge that holds across windows, and the windows it is fitted on."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from algorithms.risk import bgnbd
from algorithms.risk.window_ridge import SHARES, SINGLE_WINDOW_SHARE, compute_agreement, fit_all_windows, fit_windows
from algorithms.risk.windows import ClientSnapshot, TrainingWindow, build_windows, take_snapshot
from domain.arrays import Floats
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


def plant_moves(windows: list[TrainingWindow], signs: list[float]) -> tuple[list[TrainingWindow], list[Floats]]:
    """Draw outcomes anew, moved in each window by a column of chance, with the window's sign."""
    rng, planted, columns = np.random.default_rng(7), [], []
    for window, sign in zip(windows, signs, strict=True):
        column = rng.normal(size=len(window.came))
        came = rng.random(len(column)) < expit(window.snapshot.log_odds + sign * 2 * column)
        planted.append(TrainingWindow(window.snapshot, came.astype(np.float64)))
        columns.append(column[:, None])
    return planted, columns


def test_what_holds_in_every_window_is_believed(windows: list[TrainingWindow]) -> None:
    planted, columns = plant_moves(windows, [1.0] * len(windows))
    share = compute_agreement(planted, columns)
    assert 0.9 < share <= 1
    assert np.allclose(fit_windows(planted, columns).weights, share * fit_all_windows(planted, columns).weights)


def test_what_each_window_contradicts_is_not(windows: list[TrainingWindow]) -> None:
    signs = [1.0 if index % 2 else -1.0 for index in range(len(windows))]
    assert compute_agreement(*plant_moves(windows, signs)) < 0.2


def test_one_window_alone_is_believed_as_far_as_is_usual(windows: list[TrainingWindow]) -> None:
    assert compute_agreement(windows[:1], [windows[0].snapshot.features]) == SINGLE_WINDOW_SHARE
    assert SHARES[0] < SINGLE_WINDOW_SHARE < SHARES[-1]


def test_windows_are_seen_through_the_forms_that_will_be_moved(
    now: ClientSnapshot, windows: list[TrainingWindow]
) -> None:
    assert len(windows) > 1
    assert all(window.snapshot.forms == now.forms for window in windows)
    weeks = now.horizon / 7
    assert np.allclose(expit(now.log_odds), now.forms.p_order(now.clients, weeks), atol=2e-6)
    assert (now.chance == bgnbd.p_order(now.forms.leaving, now.clients, weeks)).all()
