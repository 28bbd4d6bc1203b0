"""Trend: new counts more than old, cohorts have a taste of their own, and what is saved comes back."""

from __future__ import annotations

import numpy as np
import pytest

from algorithms.blending.trend import Trend
from domain.histories import ClientSignals, WeightedInteractions
from tests.algorithms.goods import NOW, item, shelf

SHOP = shelf(item("a"), item("b"), item("c"))
CLIENTS = {f"c{n}": ClientSignals(f"c{n}", tags=("vip",) if n < 5 else ()) for n in range(25)}


def touches(*rows: tuple[int, str, float, float]) -> WeightedInteractions:
    """Rows of (client, item, weight, days ago)."""
    items = ("a", "b", "c", "left the shop")
    return WeightedInteractions(
        tuple(CLIENTS),
        items,
        np.array([r[0] for r in rows], np.int64),
        np.array([items.index(r[1]) for r in rows], np.int64),
        np.array([r[2] for r in rows], np.float64),
        np.array([NOW.timestamp() - 86_400 * r[3] for r in rows], np.float64),
    )


def build_trend(*rows: tuple[int, str, float, float]) -> Trend:
    return Trend.of(touches(*rows), SHOP, CLIENTS)


def test_an_order_of_today_counts_twice_one_of_a_month_ago():
    everybody = build_trend((0, "a", 1.0, 0), (1, "b", 1.0, 30), (2, "left the shop", 1.0, 0)).everybody
    assert everybody.tolist() == pytest.approx([1.0, 0.5, 0.0])


def test_what_came_back_counts_against_and_very_old_touches_do_not_count():
    everybody = build_trend((0, "a", 1.0, 0), (1, "b", 1.0, 0), (1, "b", -1.3, 0), (2, "c", 1.0, 200)).everybody
    assert everybody.tolist() == [1.0, 0.0, 0.0]


def test_a_cohort_has_a_taste_of_its_own():
    everybody = [(n, "a", 1.0, 1.0) for n in range(5, 25)]
    vips = [(n, "b", 1.0, 1.0) for n in range(5) for _ in range(8)]
    popular = build_trend(*everybody, *vips, *everybody, *everybody)
    score = {who: popular.scores(CLIENTS[who], np.arange(3)) for who in ("c0", "c20")}
    assert score["c20"].argmax() == 0
    assert score["c0"][1] > score["c20"][1]
    assert all(s.min() >= 0 and s.max() <= 1 for s in score.values())


def test_no_touches_no_popularity():
    popular = build_trend()
    assert popular.scores(CLIENTS["c0"], np.arange(3)).tolist() == [0, 0, 0]
