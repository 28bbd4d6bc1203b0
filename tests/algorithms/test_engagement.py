"""Many clients at once and one alone get the same answer, across the borders of chunks too."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from algorithms.engagement import CHUNK, apply_risk_model, assess_all, fit_population
from algorithms.risk import risk_model
from algorithms.risk.forecast import forecast_risk
from algorithms.risk.recency_rate import Population
from domain.churn_risk import ClientOrders
from domain.churn_risk import apply_churn_risk as alone_in_rhythm
from domain.engagement import BANDS, DAY, Engagement, EngagementRules, score_client
from domain.histories import Histories
from models.base import utc
from tests.algorithms.risk.histories import cdnow_sample, day

RULES = EngagementRules()
NOW = utc(2026, 6, 1)


def histories(stats: list[Engagement]) -> Histories:
    def column(moments) -> np.ndarray:
        return np.array([m.timestamp() if m else np.nan for m in moments], np.float64)

    last = column(s.last_order_at for s in stats)
    return Histories(
        anchor=column(s.anchor_at for s in stats),
        frequency=np.array([s.frequency for s in stats]),
        monetary=np.array([s.monetary for s in stats]),
        last_order=last,
        first_order=last - 10 * DAY,
        orders=np.where(np.isnan(last), 0.0, 2.0),
        signed_up=np.full(len(stats), (NOW - timedelta(days=300)).timestamp()),
        value=np.where(np.isnan(last), 0.0, 90.0),
    )


def draw_clients() -> list[Engagement]:
    rng = np.random.default_rng(1)
    stats = [Engagement()]
    for _ in range(200):
        one = Engagement()
        for _ in range(int(rng.integers(1, 12))):
            kind = str(rng.choice(["order_placed", "item_viewed", "wishlisted"]))
            one = one.add_event(
                RULES, kind, NOW - timedelta(days=float(rng.uniform(0, 300))), int(rng.integers(0, 20_000))
            )
        stats.append(one)
    return stats


def test_all_at_once_is_each_alone():
    stats = draw_clients()
    batch = histories(stats)
    result = assess_all(RULES, batch, NOW.timestamp(), fit_population(batch, NOW.timestamp()), 90)
    readings = [score_client(RULES, one, NOW) for one in stats]
    assert result.engagement == pytest.approx([r.score for r in readings], abs=1e-4)
    assert [BANDS[place] for place in result.band] == [r.band for r in readings]
    crossings = [None if np.isnan(c) else c for c in result.next_crossing.tolist()]
    assert crossings == [r.crosses_at.timestamp() if r.crosses_at else None for r in readings]
    assert {r.band for r in readings} == set(BANDS), "the sample must reach every band"


def test_the_border_of_a_chunk_leaves_nobody_out():
    few = histories(draw_clients())
    times = CHUNK // len(few) + 2
    many = Histories(*(np.tile(getattr(few, name), times) for name in few.__slots__))
    assert len(many) > CHUNK
    population = fit_population(few, NOW.timestamp())
    alone = assess_all(RULES, few, NOW.timestamp(), population, 90)
    together = assess_all(RULES, many, NOW.timestamp(), population, 90)
    for name in alone.__slots__:
        np.testing.assert_array_equal(getattr(together, name), np.tile(getattr(alone, name), times))


def test_probabilities_and_counts_stay_in_their_ranges():
    batch = histories(draw_clients())
    result = assess_all(RULES, batch, NOW.timestamp(), fit_population(batch, NOW.timestamp()), 90)
    assert np.all((result.p_alive >= 0) & (result.p_alive <= 1))
    assert np.all(result.expected_orders >= 0)
    assert np.isfinite(result.expected_orders).all()


def test_with_a_risk_model_many_stand_where_each_alone_would() -> None:
    model = risk_model.learn(cdnow_sample(), day("1997-09-30"), 90, Population(1.0, 60.0, 0.2, 0.4, 30.0))
    stats = draw_clients()
    many, at = histories(stats), NOW.timestamp()
    found = apply_risk_model(RULES, many, at, model, 90, assess_all(RULES, many, at, fit_population(many, at), 90))
    for index, one in enumerate(stats):
        alone = score_client(RULES, one, NOW)
        if one.last_order_at is not None:
            ordered = ClientOrders(
                orders=2, first_at=one.last_order_at - timedelta(days=10), last_at=one.last_order_at,
                value_cents=9_000, signed_up_at=NOW - timedelta(days=300),
            )  # fmt: skip
            risk = forecast_risk(model, "1", ordered, NOW)
            alone = alone_in_rhythm(RULES, one, alone, risk, NOW)
            assert found.p_alive[index] == pytest.approx(risk.p_alive, abs=1e-6)
            assert found.expected_orders[index] == pytest.approx(risk.expected_orders, abs=1e-6)
        assert BANDS[found.band[index]] is alone.band
        crosses = alone.crosses_at.timestamp() if alone.crosses_at else np.nan
        assert found.next_crossing[index] == pytest.approx(crosses, abs=600, nan_ok=True)
