"""BG/NBD: the published figures, the slopes, and forms that agree with each other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import approx_fprime
from scipy.special import hyp2f1

from algorithms.risk import bgnbd
from algorithms.risk.bgnbd import BgNbd
from algorithms.risk.next_order import predict_days_until_order
from algorithms.risk.orders import PurchaseSummary, summarise_purchases
from tests.algorithms.risk.histories import cdnow_sample, day, make_orders

PUBLISHED = BgNbd(0.243, 4.414, 0.793, 2.426)


def one(x: float, t_x: float, age: float) -> PurchaseSummary:
    return PurchaseSummary(np.array([x]), np.array([t_x]), np.array([age]))


@st.composite
def clients(draw: st.DrawFn) -> PurchaseSummary:
    age = draw(st.floats(1, 300))
    x = draw(st.integers(0, 60))
    return one(float(x), age * draw(st.floats(0.01, 1)) if x else 0.0, age)


MODELS = st.builds(
    BgNbd,
    r=st.floats(0.1, 5),
    alpha=st.floats(0.5, 50),
    a=st.floats(0.1, 5),
    b=st.floats(0.2, 20),
)


@pytest.fixture(scope="module")
def fitted() -> BgNbd:
    until = day("1997-09-30")
    return bgnbd.fit(summarise_purchases(cdnow_sample().until(until), until))


def test_the_fit_on_cdnow_is_the_published_one(fitted: BgNbd) -> None:
    assert (fitted.r, fitted.alpha, fitted.a, fitted.b) == pytest.approx((0.243, 4.414, 0.793, 2.426), abs=0.005)


def test_expectations_are_the_published_ones(fitted: BgNbd) -> None:
    assert bgnbd.predict_orders(fitted, one(2, 30.43, 38.86), 39)[0] == pytest.approx(1.226, abs=0.0005)


def test_slopes_are_those_of_the_likelihood() -> None:
    orders = make_orders(80)
    summaries = summarise_purchases(orders, int(orders.day.max()))
    share = np.full(len(summaries.x), 1 / len(summaries.x))
    point = np.array([0.4, 3.0, 0.7, 2.2])

    def evaluate(at):
        return bgnbd.log_likelihood(BgNbd(*at), summaries, share)

    assert evaluate(point)[1] == pytest.approx(approx_fprime(point, lambda at: evaluate(at)[0]), abs=1e-5)


@given(MODELS, clients(), st.floats(1, 100))
def test_the_quadrature_is_the_hypergeometric_form(model: BgNbd, client: PurchaseSummary, weeks: float) -> None:
    n, k, end = client.x[0], model.r + client.x[0], model.alpha + client.age[0]
    if abs(model.a - 1) < 0.05 or k > 30:
        return  # there the closed form loses its digits
    a, b = model.a, model.b + n
    closed = (a + b - 1) / (a - 1) * (1 - (end / (end + weeks)) ** k * hyp2f1(k, b, a + b - 1, weeks / (end + weeks)))
    result = bgnbd.predict_orders(model, client, weeks)[0] / bgnbd.p_alive(model, client)[0]
    assert result == pytest.approx(closed, rel=2e-3)


@given(MODELS, clients(), st.floats(0.5, 200))
def test_chances_hold_together(model: BgNbd, client: PurchaseSummary, weeks: float) -> None:
    alive, order = bgnbd.p_alive(model, client)[0], bgnbd.p_order(model, client, weeks)[0]
    assert 0 <= order <= alive <= 1
    assert order <= bgnbd.predict_orders(model, client, weeks)[0] * (1 + 1e-6)
    assert order <= bgnbd.p_order(model, client, weeks * 2)[0]


@given(MODELS, clients(), st.floats(0.05, 0.95))
def test_the_next_order_has_come_by_its_quantile(model: BgNbd, client: PurchaseSummary, share: float) -> None:
    days = predict_days_until_order(model, client, share)[0]
    if days < 1e6:
        assert bgnbd.p_order(model, client, days / 7)[0] == pytest.approx(share, abs=1e-6)
    elif not np.isfinite(days):
        assert bgnbd.p_alive(model, client)[0] <= share + 1e-9


def test_who_ordered_once_never_leaves() -> None:
    assert bgnbd.p_alive(PUBLISHED, one(0, 0, 500))[0] == 1
