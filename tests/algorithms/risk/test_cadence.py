"""The forecast: blind to the future, above BG/NBD, calibrated, and sane where there is little to learn from."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from algorithms.evaluation.risk_evaluation import evaluate
from algorithms.risk.cadence import forecast
from algorithms.risk.calibration import auc, calibration_error
from algorithms.risk.orders import Orders, count_after, merge_orders
from algorithms.risk.windows import build_windows, take_snapshot
from errors import BadInput
from tests.algorithms.risk.histories import cdnow_sample, day, make_orders

CUT = day("1997-09-30")


@pytest.fixture(scope="module")
def cdnow() -> Orders:
    return cdnow_sample()


def test_what_comes_after_the_day_changes_nothing(cdnow: Orders) -> None:
    whole, past = forecast(cdnow, CUT, 90), forecast(cdnow.until(CUT), CUT, 90)
    assert whole.ids == past.ids
    for name in ("p_alive", "p_order", "expected_orders", "expected_value"):
        assert (getattr(whole, name) == getattr(past, name)).all()


def test_windows_to_learn_from_lie_inside_the_past(cdnow: Orders) -> None:
    past = cdnow.until(CUT)
    for window in build_windows(past, CUT, take_snapshot(past, CUT, 273)):
        assert window.came.sum() <= len(past)
        assert float(window.snapshot.clients.age.max()) * 7 < CUT - int(past.day.min())


@pytest.mark.parametrize("horizon", [90, 180, 273])
def test_on_cdnow_it_ranks_above_bgnbd_and_is_calibrated(cdnow: Orders, horizon: int) -> None:
    figures = evaluate(cdnow, CUT, horizon)["algorithms"]
    assert figures["cadence"]["auc"] > figures["bgnbd"]["auc"] + 0.002
    assert figures["cadence"]["auc"] > figures["recency"]["auc"]
    assert figures["cadence"]["calibration_error"] <= 0.04
    assert figures["cadence"]["calibration_error"] < figures["bgnbd"]["calibration_error"]
    assert 0.88 < figures["cadence"]["predicted_over_actual"] < 1.1


def test_of_clients_with_a_rhythm_of_their_own_it_knows_far_more() -> None:
    orders = make_orders(1_500)
    until = int(orders.day.max()) - 60
    result = forecast(orders, until, 60)
    came = count_after(orders, result.ids, until, 60) > 0
    assert auc(came, result.p_order) > auc(came, result.bgnbd.count) + 0.02
    assert calibration_error(came, result.p_order) < calibration_error(came, result.bgnbd.chance)


def test_figures_of_each_client_hold_together(cdnow: Orders) -> None:
    result = forecast(cdnow, CUT, 273)
    assert result.expected_value is not None
    assert ((result.p_order > 0) & (result.p_order <= result.p_alive) & (result.p_alive <= 1)).all()
    assert (result.expected_orders >= result.p_order).all()
    assert (result.expected_value > 0).all()
    nearer = forecast(cdnow, CUT, 30)
    assert nearer.expected_orders.sum() < result.expected_orders.sum()


def test_the_money_foretold_is_about_the_money_that_came(cdnow: Orders) -> None:
    result = forecast(cdnow, CUT, 273)
    later = (cdnow.day > CUT) & (cdnow.day <= CUT + 273)
    assert result.expected_value is not None
    assert cdnow.value is not None
    assert 0.8 < result.expected_value.sum() / cdnow.value[later].sum() < 1.2


@pytest.mark.parametrize("days", [[10_000], [10_000, 10_000], [10_000, 10_004]])
def test_a_shop_too_young_to_learn_from_gets_bgnbd(days: list[int]) -> None:
    orders = merge_orders([f"c{index}" for index in range(len(days))], np.array(days, np.int64), None)
    result = forecast(orders, 10_005, 30)
    assert result.learnt_from == 0
    assert result.expected_value is None
    assert np.isfinite(result.expected_orders).all()
    assert np.allclose(result.p_order, expit(result.bgnbd.log_odds))
    assert result.warning is not None
    assert result.warning.startswith("only ")


@pytest.mark.parametrize("spread", [1, 20])
def test_twenty_who_ordered_once_get_a_weak_prior_and_a_warning(spread: int) -> None:
    orders = merge_orders([f"c{index:02}" for index in range(20)], np.arange(20) % spread + 10_000, None)
    for later, least in ((0, 0.3), (60, 0.1), (300, 0.001)):
        result = forecast(orders, 10_019 + later, 90)
        assert (least < result.p_order).all()
        assert (result.p_order < 0.9).all()
        assert result.warning is not None
        assert "only 0 repeat orders of 20 clients" in result.warning


def test_of_a_shop_with_a_past_nothing_is_doubted(cdnow: Orders) -> None:
    assert forecast(cdnow, CUT, 90).warning is None


@pytest.mark.parametrize(("slower", "sign"), [(0.4, -1), (2.5, 1)])
def test_the_level_follows_what_past_windows_missed(slower: float, sign: int) -> None:
    """A shop whose pace changes for good half-way through: the forecast knows, BG/NBD does not."""
    rng = np.random.default_rng(5)
    ids, days = [], []
    for client in range(1_500):
        at = rng.uniform(0, 300)
        while at < 700:
            ids.append(f"c{client:04}")
            days.append(10_000 + int(at))
            at += rng.exponential(60) / (slower if at > 350 else 1)
    orders = merge_orders(ids, np.array(days, np.int64), None)
    result = forecast(orders, 10_600, 60)
    came = count_after(orders, result.ids, 10_600, 60) > 0
    ours, base = (float(chance.mean() - came.mean()) for chance in (result.p_order, result.bgnbd.chance))
    assert base * sign < 0
    assert abs(ours) < 0.6 * abs(base)


def test_nothing_to_judge_is_refused_by_name(cdnow: Orders) -> None:
    with pytest.raises(BadInput, match=r"calibrate_until.*earlier"):
        evaluate(cdnow, day("1996-01-01"), 30)
    with pytest.raises(BadInput, match=r"calibrate_until.*later"):
        evaluate(cdnow, day("1999-01-01"), 30)
