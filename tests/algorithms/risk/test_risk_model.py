"""The model that serves: as good as the one on files, sure of its crossings, and the same after a rest on disk."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from algorithms.risk import bgnbd, cadence, risk_model
from algorithms.risk.calibration import auc, calibration_error
from algorithms.risk.forecast import forecast_risk
from algorithms.risk.order_totals import OrderTotals, build_totals
from algorithms.risk.orders import Orders, count_after
from algorithms.risk.recency_rate import Population
from algorithms.risk.risk_model import MANY, RiskModel
from domain.churn_risk import AT_RISK_SHARE, LAPSED_SHARE, ClientOrders, explain_risk
from services.training.risk import measure_risk
from tests.algorithms.risk.histories import cdnow_sample, day, make_orders

CUT = day("1997-09-30")
NEVER = Population(1.0, 60.0, 0.2, 0.4, 30.0)
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def cdnow() -> Orders:
    return cdnow_sample()


@pytest.fixture(scope="module")
def model(cdnow: Orders) -> RiskModel:
    return risk_model.learn(cdnow, CUT, 90, NEVER)


def test_what_is_kept_of_orders_ranks_as_well_as_all_of_them(cdnow: Orders) -> None:
    serves, reference = risk_model.learn(cdnow, CUT, 273, NEVER), cadence.forecast(cdnow, CUT, 273)
    came = count_after(cdnow, reference.ids, CUT, 273)
    forecast = serves.forecast(build_totals(cdnow.until(CUT)), float(CUT))
    assert auc(came > 0, forecast.p_order) > auc(came > 0, reference.p_order) - 0.002
    assert calibration_error(came > 0, forecast.p_order) <= 0.04
    assert 0.85 < forecast.expected_orders.sum() / came.sum() < 1.1
    assert reference.expected_value is not None
    assert forecast.expected_value.sum() == pytest.approx(reference.expected_value.sum(), rel=0.1)
    assert (
        (forecast.p_order <= forecast.p_alive)
        & (forecast.p_alive <= 1)
        & (forecast.expected_orders >= forecast.p_order)
    ).all()


def test_the_closed_form_of_repeat_orders_is_near_the_integral(cdnow: Orders, model: RiskModel) -> None:
    clients = build_totals(cdnow.until(CUT)).summarise(float(CUT))
    weeks = 90 / 7
    exact = bgnbd.predict_orders(model.forms.leaving, clients, weeks) / bgnbd.p_order(
        model.forms.leaving, clients, weeks
    )
    assert np.abs(bgnbd.predict_repeats(model.forms.leaving, clients, weeks) / exact - 1).max() < 0.05


CLIENT = st.tuples(st.integers(1, 60), st.floats(0, 500), st.floats(0, 5_000))


@given(CLIENT)
def test_crossings_are_where_the_chance_crosses_and_hang_on_orders_alone(
    model: RiskModel, client: tuple[int, float, float]
) -> None:
    orders, between, value = client
    totals = OrderTotals(*(np.array([x], np.float64) for x in (orders, 1_000.0, 1_000.0 + between, value)))
    at_last = float(model.p_order(totals, totals.last)[0])
    for share, moment in zip(
        (AT_RISK_SHARE, LAPSED_SHARE),
        model.predict_falls(totals, (AT_RISK_SHARE, LAPSED_SHARE))[0].tolist(),
        strict=True,
    ):
        if np.isnan(moment):
            assert float(model.p_order(totals, totals.last + risk_model.LONGEST)[0]) >= share * at_last
            continue
        silence = moment - float(totals.last[0])
        before, after = (float(model.p_order(totals, totals.last + silence * by)[0]) for by in (0.999, 1.0))
        assert after < share * at_last <= before * 1.001


def test_many_are_searched_as_one_is(cdnow: Orders, model: RiskModel) -> None:
    totals = build_totals(cdnow.until(CUT)).select(slice(0, 400))
    few, many = model.predict_falls(totals, (AT_RISK_SHARE,)), model.predict_falls(totals, (AT_RISK_SHARE,), MANY)
    assert np.allclose(few - totals.last[:, None], many - totals.last[:, None], rtol=1e-4)


def test_days_of_the_next_order_agree_with_the_chance(cdnow: Orders, model: RiskModel) -> None:
    totals = build_totals(cdnow.until(CUT)).select(slice(0, 400))
    days, p_order = model.predict_next_order(totals, float(CUT)), model.p_order(totals, float(CUT))
    assert (np.diff(np.minimum(days, 1e12), axis=1) >= 0).all()
    for index, share in enumerate(risk_model.SHARES):
        assert ((days[:, index] <= 90) == (p_order >= share)).all()


def test_it_comes_back_from_disk_as_it_was(model: RiskModel, cdnow: Orders, tmp_path: Path) -> None:
    model.save(tmp_path)
    back, totals = RiskModel.load(tmp_path), build_totals(cdnow.until(CUT))
    assert (back.p_order(totals, float(CUT)) == model.p_order(totals, float(CUT))).all()
    assert (back.horizon, back.never) == (model.horizon, model.never)


def test_one_client_is_told_in_words_and_moments(model: RiskModel) -> None:
    regular = ClientOrders(
        orders=6, first_at=NOW - timedelta(days=150), last_at=NOW - timedelta(days=10), value_cents=60_000,
        signed_up_at=NOW - timedelta(days=150),
    )  # fmt: skip
    risk = forecast_risk(model, "v1", regular, NOW)
    assert risk.why == "6 orders, usually 28 days apart; the last 10 days ago, within the usual gap"
    assert risk.falls_at is not None
    assert risk.gone_at is not None
    assert NOW < risk.falls_at < risk.gone_at
    later = forecast_risk(model, "v1", regular, NOW + timedelta(days=300))
    assert (later.falls_at, later.gone_at) == (risk.falls_at, risk.gone_at)
    assert later.p_alive < risk.p_alive
    frequent = forecast_risk(model, "v1", regular.model_copy(update={"orders": 30}), NOW)
    assert frequent.falls_at is not None
    assert frequent.falls_at < risk.falls_at  # the quicker the rhythm, the sooner a silence says something


def test_of_those_without_a_rhythm_no_crossing_is_told(model: RiskModel) -> None:
    joined = NOW - timedelta(days=40)
    never = forecast_risk(model, "v1", ClientOrders(signed_up_at=joined), NOW)
    assert (never.falls_at, never.orders, never.why) == (None, 0, "has not ordered in the 40 days since signing up")
    once = forecast_risk(model, "v1", ClientOrders(orders=1, first_at=joined, last_at=joined, signed_up_at=joined), NOW)
    same_day = forecast_risk(
        model, "v1", ClientOrders(orders=2, first_at=joined, last_at=joined, signed_up_at=joined), NOW
    )
    assert (once.falls_at, once.orders) == (None, 1)
    assert (same_day.falls_at, same_day.orders) == (None, 1)


def test_of_a_client_who_signed_up_now_nothing_is_certain(model: RiskModel) -> None:
    risk = forecast_risk(model, "v1", ClientOrders(signed_up_at=NOW), NOW)
    assert explain_risk(risk.model_copy(update={"p_alive": 1.0})).startswith(
        "signed up today: over 99% likely to order"
    )


def test_the_measure_is_beside_bgnbd_and_sees_nothing_later() -> None:
    orders = make_orders(800)
    until = int(orders.day.max()) - 60
    figures = measure_risk(orders, until, 60, NEVER)
    assert figures["auc"] > figures["auc_bgnbd"]
    earlier = measure_risk(orders.until(until + 60), until, 60, NEVER)
    assert earlier == figures
