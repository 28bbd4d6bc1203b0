"""What is compared: each value on its side of the cut, counted by hand."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from algorithms.drift_samples import sample_interactions, sample_orders
from domain.histories import WeightedInteractions
from tests.algorithms.goods import NOW, item, shelf

DAY = 86_400.0
CUT = NOW.timestamp() - 10 * DAY


def test_touches_are_counted_by_client_on_each_side() -> None:
    goods = shelf(item("a", price_cents=1_000, added_at=NOW - timedelta(days=30)), item("b", price_cents=2_000))
    days_ago = np.array([12.0, 11.0, 5.0, 4.0, 3.0, 2.0])
    touches = WeightedInteractions(
        ("x", "y"),
        ("a", "b", "gone"),
        np.array([0, 1, 0, 0, 0, 1]),
        np.array([0, 1, 0, 0, 1, 2]),
        np.array([0.1, 1.0, 0.1, 0.1, 1.0, 1.0]),
        NOW.timestamp() - days_ago * DAY,
    )
    samples = sample_interactions(touches, goods, CUT)
    sorted_samples = {name: tuple(sorted(side.tolist()) for side in sides) for name, sides in samples.items()}
    assert sorted_samples["touches a client"] == ([1, 1], [1, 3])
    assert sorted_samples["items a client"] == ([1, 1], [1, 2])
    assert sorted_samples["price of an item"] == ([10, 20], [10, 10, 20])
    assert sorted_samples["age of an item"][0] == [18, 189]
    assert sorted_samples["hour of a touch"] == ([12, 12], [12, 12, 12, 12])
    assert sorted_samples["sign of liking"] == ([0.1, 1], [0.1, 0.1, 1, 1])


def test_days_between_orders_begin_with_the_second_and_may_reach_back() -> None:
    at = NOW.timestamp() - np.array([50.0, 15.0, 5.0, 3.0]) * DAY
    found = sample_orders(["x", "x", "x", "y"], at, np.array([1.0, 2.0, 3.0, 4.0]), NOW.timestamp() - 20 * DAY, CUT)
    assert [side.tolist() for side in found["value of an order"]] == [[2], [3, 4]]
    assert [side.round(6).tolist() for side in found["days between orders"]] == [[35], [10]]


def test_a_shop_in_which_nothing_happens_has_no_values() -> None:
    none = np.zeros(0, np.int64)
    nothing = WeightedInteractions((), (), none, none, np.zeros(0), np.zeros(0))
    samples = sample_interactions(nothing, shelf(), CUT) | sample_orders([], np.zeros(0), np.zeros(0), 0.0, CUT)
    assert {len(side) for sides in samples.values() for side in sides} == {0}
