"""The model that serves: as good as the one on files, sure of its crossings, and the same after a rest on disk."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from algorithms.risk import bgnbd, cadence, served
from algorithms.risk.calibration import auc, calibration_error
from algorithms.risk.kept import Kept, kept_of
from algorithms.risk.orders import Orders, count_after
from algorithms.risk.recency_rate import Population
from algorithms.risk.served import MANY, RiskModel
from algorithms.risk.telling import Bought, tell
from domain.rhythm import FALLEN, GONE
from services.training.risk import measured
from tests.algorithms.risk.histories import cdnow_sample, day, made_up

CUT = day("1997-09-30")
NEVER = Population(1.0, 60.0, 0.2, 0.4, 30.0)
NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)


@pytest.fixture(scope="module")
def cdnow() -> Orders:
    return cdnow_sample()


@pytest.fixture(scope="module")
def model(cdnow: Orders) -> RiskModel:
    return served.learn(cdnow, CUT, 90, NEVER)


def test_what_is_kept_of_orders_ranks_as_well_as_all_of_them(cdnow: Orders) -> None:
    serves, found = served.learn(cdnow, CUT, 273, NEVER), cadence.forecast(cdnow, CUT, 273)
    came = count_after(cdnow, found.ids, CUT, 273)
    told = serves.told(kept_of(cdnow.until(CUT)), float(CUT))
    assert auc(came > 0, told.p_order) > auc(came > 0, found.p_order) - 0.002
    assert calibration_error(came > 0, told.p_order) <= 0.03
    assert 0.85 < told.expected_orders.sum() / came.sum() < 1.1
    assert found.expected_value is not None
    assert told.expected_value.sum() == pytest.approx(found.expected_value.sum(), rel=0.1)
    assert ((told.p_order <= told.p_alive) & (told.p_alive <= 1) & (told.expected_orders >= told.p_order)).all()


def test_the_closed_form_of_repeat_orders_is_near_the_integral(cdnow: Orders, model: RiskModel) -> None:
    clients = kept_of(cdnow.until(CUT)).rhythm(float(CUT))
    weeks = 90 / 7
    exact = bgnbd.expected_orders(model.leaving, clients, weeks) / bgnbd.p_order(model.leaving, clients, weeks)
    assert np.abs(model._repeats(clients) / exact - 1).max() < 0.05


CLIENT = st.tuples(st.integers(1, 60), st.floats(0, 500), st.floats(0, 5_000))


@given(CLIENT)
def test_crossings_are_where_the_chance_crosses_and_hang_on_orders_alone(
    model: RiskModel, client: tuple[int, float, float]
) -> None:
    orders, between, value = client
    some = Kept(*(np.array([x], np.float64) for x in (orders, 1_000.0, 1_000.0 + between, value)))
    at_last = float(model.p_order(some, some.last)[0])
    for share, at in zip((FALLEN, GONE), model.falls(some, (FALLEN, GONE))[0].tolist(), strict=True):
        if np.isnan(at):
            assert float(model.p_order(some, some.last + served.LONGEST)[0]) >= share * at_last
            continue
        silence = at - float(some.last[0])
        before, after = (float(model.p_order(some, some.last + silence * by)[0]) for by in (0.999, 1.0))
        assert after < share * at_last <= before * 1.001


def test_many_are_searched_as_one_is(cdnow: Orders, model: RiskModel) -> None:
    some = kept_of(cdnow.until(CUT)).part(slice(0, 400))
    few, many = model.falls(some, (FALLEN,)), model.falls(some, (FALLEN,), MANY)
    assert np.allclose(few - some.last[:, None], many - some.last[:, None], rtol=1e-4)


def test_days_of_the_next_order_agree_with_the_chance(cdnow: Orders, model: RiskModel) -> None:
    some = kept_of(cdnow.until(CUT)).part(slice(0, 400))
    days, p_order = model.next_order(some, float(CUT)), model.p_order(some, float(CUT))
    assert (np.diff(np.minimum(days, 1e12), axis=1) >= 0).all()
    for place, share in enumerate(served.SHARES):
        assert ((days[:, place] <= 90) == (p_order >= share)).all()


def test_it_comes_back_from_disk_as_it_was(model: RiskModel, cdnow: Orders, tmp_path: Path) -> None:
    model.save(tmp_path)
    back, some = RiskModel.load(tmp_path), kept_of(cdnow.until(CUT))
    assert (back.p_order(some, float(CUT)) == model.p_order(some, float(CUT))).all()
    assert (back.horizon, back.never) == (model.horizon, model.never)


def test_one_client_is_told_in_words_and_moments(model: RiskModel) -> None:
    regular = Bought(
        orders=6, first_at=NOW - timedelta(days=150), last_at=NOW - timedelta(days=10), value_cents=60_000,
        signed_up_at=NOW - timedelta(days=150),
    )  # fmt: skip
    risk = tell(model, "v1", regular, NOW)
    assert risk.why == "6 orders, usually 28 days apart; the last 10 days ago, within the usual gap"
    assert risk.falls_at is not None
    assert risk.gone_at is not None
    assert NOW < risk.falls_at < risk.gone_at
    later = tell(model, "v1", regular, NOW + timedelta(days=300))
    assert (later.falls_at, later.gone_at) == (risk.falls_at, risk.gone_at)
    assert later.p_alive < risk.p_alive
    frequent = tell(model, "v1", regular.model_copy(update={"orders": 30}), NOW)
    assert frequent.falls_at is not None
    assert frequent.falls_at < risk.falls_at  # the quicker the rhythm, the sooner a silence says something


def test_of_those_without_a_rhythm_no_crossing_is_told(model: RiskModel) -> None:
    joined = NOW - timedelta(days=40)
    never = tell(model, "v1", Bought(signed_up_at=joined), NOW)
    assert (never.falls_at, never.orders, never.why) == (None, 0, "has not ordered in the 40 days since signing up")
    once = tell(model, "v1", Bought(orders=1, first_at=joined, last_at=joined, signed_up_at=joined), NOW)
    same_day = tell(model, "v1", Bought(orders=2, first_at=joined, last_at=joined, signed_up_at=joined), NOW)
    assert (once.falls_at, once.orders) == (None, 1)
    assert (same_day.falls_at, same_day.orders) == (None, 1)


def test_the_measure_is_beside_bgnbd_and_sees_nothing_later() -> None:
    orders = made_up(800)
    until = int(orders.day.max()) - 60
    figures = measured(orders, until, 60, NEVER)
    assert figures["auc"] > figures["auc_bgnbd"]
    earlier = measured(orders.until(until + 60), until, 60, NEVER)
    assert earlier == figures
