"""No list is all dresses."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from domain.variety import limit_per_category, spread_over_groups


@given(st.lists(st.integers(0, 6), max_size=80), st.integers(1, 60))
def test_at_most_two_of_a_category_and_nothing_passed_over_without_need(category, n):
    chosen = limit_per_category(range(len(category)), category, n)
    most = max(2, -(-n // 5))
    counts = Counter(category[item] for item in chosen)
    assert chosen == sorted(set(chosen))
    assert len(chosen) == min(n, sum(min(most, k) for k in Counter(category).values()))
    assert all(count <= most for count in counts.values())
    for left_out in set(range(chosen[-1] if chosen else 0)) - set(chosen):
        better = [item for item in chosen if item < left_out and category[item] == category[left_out]]
        assert len(better) == most


def test_the_best_come_first():
    assert limit_per_category([3, 0, 1, 2], [7, 7, 7, 8], 3) == [3, 0, 1]
    assert limit_per_category([3, 0, 1, 2], [7, 7, 7, 7], 3) == [3, 0]


def test_items_are_spread_over_groups_and_within_them_over_categories():
    rng = np.random.default_rng(3)
    category = np.repeat(np.arange(5), 40)
    group = np.array([0, 0, 1, 2, 2])[category]
    score = rng.random(200) + (category == 0)  # the first category is loved most
    chosen = spread_over_groups(score, category, group, 30)
    assert sorted(np.bincount(group[chosen]).tolist()) == [10, 10, 10]
    assert np.bincount(category[chosen]).min() >= 5
    assert (np.diff(score[chosen]) <= 0).all()
    assert score[chosen][0] == score.max()


def test_what_a_small_group_leaves_free_goes_to_the_best_of_the_others():
    score, category = np.array([0.9, 0.8, 0.7, 0.1]), np.array([0, 0, 0, 1])
    assert spread_over_groups(score, category, category, 3).tolist() == [0, 1, 3]
    assert spread_over_groups(score, category, category, 9).tolist() == [0, 1, 2, 3]
    assert spread_over_groups(np.zeros(0), np.zeros(0, int), np.zeros(0, int), 3).tolist() == []
