"""Many clients at once and one alone get the same answer, across the borders of chunks too."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from algorithms.engagement import CHUNK, assess_all, learn
from domain.engagement import BANDS, DAY, Engagement, EngagementRules, read
from domain.histories import Histories
from models.base import utc

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
    )


def some_clients() -> list[Engagement]:
    rng = np.random.default_rng(1)
    stats = [Engagement()]
    for _ in range(200):
        one = Engagement()
        for _ in range(int(rng.integers(1, 12))):
            kind = str(rng.choice(["order_placed", "item_viewed", "wishlisted"]))
            one = one.absorb(
                RULES, kind, NOW - timedelta(days=float(rng.uniform(0, 300))), int(rng.integers(0, 20_000))
            )
        stats.append(one)
    return stats


def test_all_at_once_is_each_alone():
    stats = some_clients()
    batch = histories(stats)
    result = assess_all(RULES, batch, NOW.timestamp(), learn(batch, NOW.timestamp()), 90)
    readings = [read(RULES, one, NOW) for one in stats]
    assert result.engagement == pytest.approx([r.score for r in readings], abs=1e-4)
    assert [BANDS[place] for place in result.band] == [r.band for r in readings]
    crossings = [None if np.isnan(c) else c for c in result.next_crossing.tolist()]
    assert crossings == [r.crosses_at.timestamp() if r.crosses_at else None for r in readings]
    assert {r.band for r in readings} == set(BANDS), "the sample must reach every band"


def test_the_border_of_a_chunk_leaves_nobody_out():
    few = histories(some_clients())
    times = CHUNK // len(few) + 2
    many = Histories(*(np.tile(getattr(few, name), times) for name in few.__slots__))
    assert len(many) > CHUNK
    population = learn(few, NOW.timestamp())
    alone = assess_all(RULES, few, NOW.timestamp(), population, 90)
    together = assess_all(RULES, many, NOW.timestamp(), population, 90)
    for name in alone.__slots__:
        np.testing.assert_array_equal(getattr(together, name), np.tile(getattr(alone, name), times))


def test_probabilities_and_counts_stay_in_their_ranges():
    batch = histories(some_clients())
    result = assess_all(RULES, batch, NOW.timestamp(), learn(batch, NOW.timestamp()), 90)
    assert np.all((result.p_alive >= 0) & (result.p_alive <= 1))
    assert np.all(result.expected_orders >= 0)
    assert np.isfinite(result.expected_orders).all()
