"""How far windows are believed: by what each bears out of what the others say."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit, logit

from algorithms.risk import bgnbd
from algorithms.risk.learning import SHARES, UNTRIED, believed, fitted, learnt
from algorithms.risk.windows import Standing, Window, standing, windows
from tests.algorithms.risk.histories import made_up


@pytest.fixture(scope="module")
def now() -> Standing:
    orders = made_up(1_500)
    day = int(orders.day.max()) - 60
    return standing(orders.until(day), day, 60)


@pytest.fixture(scope="module")
def known(now: Standing) -> list[Window]:
    orders = made_up(1_500)
    day = int(orders.day.max()) - 60
    return windows(orders.until(day), day, now)


def test_what_holds_in_every_window_is_believed(known: list[Window]) -> None:
    about = [window.at.features for window in known]
    share = believed(known, about)
    assert 0.8 < share <= 1
    assert np.allclose(learnt(known, about).weights, share * fitted(known, about).weights)


def test_what_each_window_contradicts_is_not(known: list[Window]) -> None:
    rng = np.random.default_rng(7)
    signs = [1.0 if place % 2 else -1.0 for place in range(len(known))]
    column = [rng.normal(size=len(window.came)) for window in known]
    came = [
        rng.random(len(at)) < expit(window.at.log_odds + sign * 2 * at)
        for window, sign, at in zip(known, signs, column, strict=True)
    ]
    apart = [Window(window.at, each.astype(np.float64)) for window, each in zip(known, came, strict=True)]
    assert believed(apart, [at[:, None] for at in column]) < 0.2


def test_one_window_alone_is_believed_as_far_as_is_usual(known: list[Window]) -> None:
    assert believed(known[:1], [known[0].at.features]) == UNTRIED
    assert SHARES[0] < UNTRIED < SHARES[-1]


def test_windows_are_seen_through_the_forms_that_will_be_moved(now: Standing, known: list[Window]) -> None:
    assert len(known) > 1
    assert all(window.at.forms == now.forms for window in known)
    weeks = now.horizon / 7
    both = np.mean([bgnbd.p_order(form, now.clients, weeks) for form in now.forms], axis=0)
    assert np.allclose(now.log_odds, logit(both))
    assert (now.chance == bgnbd.p_order(now.forms[0], now.clients, weeks)).all()
    assert now.forms[1].modified
