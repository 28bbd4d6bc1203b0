"""Mixes of a page: nothing twice, nothing made up, the best first, and a fifth of the home page new."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from domain.page_mixes import FRESH_SHARE, alternate, mix_home

ITEMS = st.lists(st.integers(0, 60), unique=True, max_size=60)


@given(ITEMS, st.lists(st.integers(0, 4), min_size=61, max_size=61), st.sets(st.integers(0, 60)), st.integers(1, 20))
def test_the_home_page_mixes_in_what_is_new(items: list[int], category: list[int], fresh: set[int], n: int) -> None:
    mixed = mix_home(items, np.array(category), fresh.__contains__, n)
    plain = mix_home(items, np.array(category), lambda _: False, n)
    assert len(mixed) == len(set(mixed)) <= n
    assert set(mixed) <= set(items)
    assert len(mixed) >= len(plain)
    assert len(fresh & set(mixed)) >= min(n // FRESH_SHARE, len(fresh & set(items)), len(mixed))
    assert [item for item in mixed if item in plain] == [item for item in plain if item in mixed]


@given(ITEMS, ITEMS, st.integers(1, 30))
def test_two_lists_take_turns(one: list[int], other: list[int], n: int) -> None:
    mixed = alternate(one, other, n)
    assert len(mixed) == min(n, len(set(one) | set(other)))
    assert len(mixed) == len(set(mixed))
    if one and other and n > 1 and one[0] != other[0]:
        assert mixed[:2] == [one[0], other[0]]
