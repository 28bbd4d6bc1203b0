"""The value of an order: recovered from simulated clients, and between a client's own mean and that of all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import approx_fprime

from algorithms.risk import gammagamma
from algorithms.risk.gammagamma import GammaGamma


def test_parameters_are_found_again() -> None:
    rng = np.random.default_rng(3)
    p, q, gamma, n = 6.0, 4.0, 15.0, 20_000
    scale = 1 / rng.gamma(q, 1 / gamma, n)
    orders = rng.integers(2, 9, n).astype(float)
    mean = rng.gamma(p * orders, scale) / orders
    result = gammagamma.fit(orders, mean)
    assert (result.p, result.q, result.gamma) == pytest.approx((p, q, gamma), rel=0.08)


def test_slopes_are_those_of_the_likelihood() -> None:
    n, m = np.array([2.0, 3.0, 7.0]), np.array([0.4, 1.0, 2.5])
    point = np.array([0.3, 0.9, 0.2])
    slope = gammagamma._log_likelihood(point, n, m)[1]
    assert slope == pytest.approx(approx_fprime(point, lambda at: gammagamma._log_likelihood(at, n, m)[0]), abs=1e-6)


@given(st.floats(1, 500), st.integers(1, 50))
def test_more_orders_bring_it_nearer_to_the_clients_own_mean(own: float, orders: int) -> None:
    model = GammaGamma(2.0, 3.0, 40.0)
    of_all = 2.0 * 40.0 / 2.0
    few, many = (model.predict_value(np.array([float(k)]), np.array([own]))[0] for k in (orders, orders + 1))
    assert min(own, of_all) - 1e-9 <= few <= max(own, of_all) + 1e-9
    assert abs(many - own) <= abs(few - own) + 1e-9


def test_of_few_clients_nothing_is_learnt() -> None:
    result = gammagamma.fit(np.array([1.0, 4.0]), np.array([10.0, 30.0]))
    assert result.predict_value(np.array([1.0]), np.array([20.0]))[0] == pytest.approx(20.0)
