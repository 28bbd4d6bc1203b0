"""No list is all dresses."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from domain.variety import limit_per_category


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
