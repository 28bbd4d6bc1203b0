"""The model of leaving: sound at its edges, true to its own story, and learnt back from clients who follow it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from algorithms.risk.recency_rate import OrderHistories, Population, learn, predict

SHOP = Population(shape=0.9, rate_days=40.0, leave=0.15, convert=0.6, first_order_days=20.0)


def one(count: float, first: float, last: float, joined: float = 0.0) -> OrderHistories:
    return OrderHistories(np.array([count]), np.array([first]), np.array([last]), np.array([joined]))


def simulate(n: int, days: float, horizon: float, seed: int) -> tuple[OrderHistories, np.ndarray, np.ndarray]:
    """Clients who live as the model says, seen for `days`; whether each still is a client, and orders in `horizon`."""
    rng = np.random.default_rng(seed)
    count, first, last = np.zeros(n), np.full(n, np.nan), np.full(n, np.nan)
    alive, later = np.zeros(n, np.bool_), np.zeros(n)
    joined = rng.uniform(0, days / 2, n)
    for i in range(n):
        if rng.random() > SHOP.convert:
            continue
        rate = rng.gamma(SHOP.shape, 1 / SHOP.rate_days)
        at, alive[i] = joined[i] + rng.exponential(SHOP.first_order_days), True
        while at <= days + horizon:
            if at <= days:
                count[i] += 1
                first[i], last[i] = (at if np.isnan(first[i]) else first[i]), at
            else:
                later[i] += 1
            if rng.random() < SHOP.leave:
                alive[i] = at > days
                break
            at += rng.exponential(1 / rate)
    return OrderHistories(count, first, last, joined), alive, later


@pytest.fixture(scope="module")
def world():
    return simulate(20_000, 400.0, 90.0, seed=11)


def test_predictions_are_calibrated_on_clients_who_follow_the_model(world):
    orders, alive, later = world
    p_alive, expected = predict(SHOP, orders, 400.0, 90.0)
    buyers = orders.count > 0
    assert expected[buyers].sum() == pytest.approx(later[buyers].sum(), rel=0.03)
    assert p_alive.mean() == pytest.approx(alive.mean(), abs=0.01)
    for low in np.arange(0.0, 1.0, 0.2):  # in every fifth of the scale, not on average alone
        rows = (p_alive >= low) & (p_alive < low + 0.2)
        if rows.sum() > 300:
            assert alive[rows].mean() == pytest.approx(p_alive[rows].mean(), abs=0.04)


def test_the_population_is_learnt_back(world):
    orders, _, _ = world
    result = learn(orders, 400.0)
    assert result.leave == pytest.approx(SHOP.leave, rel=0.15)
    assert result.convert == pytest.approx(SHOP.convert, rel=0.05)
    assert result.first_order_days == pytest.approx(SHOP.first_order_days, rel=0.1)
    assert result.shape / result.rate_days == pytest.approx(SHOP.shape / SHOP.rate_days, rel=0.15)


@given(st.integers(1, 200), st.floats(0, 1_000), st.floats(0, 2_000), st.floats(0, 500), st.floats(1, 365))
def test_longer_silence_never_makes_a_client_likelier_to_be_there(count, span, silence, more, horizon):
    orders = one(count, 0.0, span if count > 1 else 0.0)
    now = orders.last[0] + silence
    alive, expected = predict(SHOP, orders, now, horizon)
    later, fewer = predict(SHOP, orders, now + more, horizon)
    assert 0.0 <= later[0] <= alive[0] <= 1 - SHOP.leave + 1e-12
    assert 0.0 <= fewer[0] <= expected[0] + 1e-12
    assert np.isfinite(expected[0])


def test_silence_weighs_by_the_clients_own_rhythm():
    weekly = predict(SHOP, one(20, 0.0, 140.0), 140.0 + 45, 90)[0][0]
    yearly = predict(SHOP, one(3, 0.0, 700.0), 700.0 + 45, 90)[0][0]
    assert weekly < 0.2
    assert yearly > 0.7


@given(st.floats(0, 400), st.floats(0, 400))
def test_who_never_ordered_fades_without_a_first_order(age, more):
    young, _ = predict(SHOP, one(0, np.nan, np.nan), age, 30)
    old, expected = predict(SHOP, one(0, np.nan, np.nan), age + more, 30)
    assert 0 <= old[0] <= young[0] <= SHOP.convert + 1e-12
    assert 0 <= expected[0] <= old[0]


def test_a_longer_horizon_expects_more_but_ever_less_so():
    orders = one(6, 0.0, 100.0)
    counts = [float(predict(SHOP, orders, 110.0, h)[1][0]) for h in (30, 60, 90, 10_000)]
    assert counts[0] < counts[1] < counts[2]
    assert counts[1] - counts[0] > counts[2] - counts[1]
    assert counts[3] <= 1 / SHOP.leave


@pytest.mark.parametrize("n", [0, 1, 3])
def test_a_shop_with_hardly_any_clients_gets_sensible_constants(n):
    result = learn(OrderHistories(np.ones(n), np.zeros(n), np.zeros(n), np.zeros(n)), 100.0)
    assert 0.02 < result.leave < 0.6
    assert 5 < result.rate_days < 1_000
