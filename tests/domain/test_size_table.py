"""Sizes under other names are those that the shop makes; the shop's own table comes before ours."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.size_table import translate_size, translate_sizes

LETTERS = frozenset({"xs", "s", "m", "l", "xl", "2xl"})


@pytest.mark.parametrize(
    ("size", "made"),
    [
        *(
            ("Medium", "m"),
            ("X-Large", "xl"),
            ("extra small", "xs"),
            ("xx-large", "2xl"),
            ("XXL", "2xl"),
            ("2 XL", None),
        ),
        *(("EU 42", "l"), ("42 EU", "l"), ("eu-36", "s"), ("UK 12", "m"), ("US 10", "l"), ("EU 99", None)),
        *(("42", None), ("M", "m"), ("petite", None), ("xxxxxxl", None)),
    ],
)
def test_letters(size: str, made: str | None) -> None:
    assert translate_size(size, LETTERS, {}) == made


def test_numbers_come_before_letters_and_the_shop_s_table_before_both() -> None:
    assert translate_size("EU 42", {"42", "l"}, {}) == "42"
    assert translate_size("EU 42", {"uk 14", "l"}, {}) == "uk 14"
    assert translate_size("EU 42", {"42", "l"}, {"eu 42": ("gone", "l")}) == "l"
    assert translate_size("tall", {"m/l"}, {"tall": ("M/L",)}) == "m/l"


@given(st.lists(st.text(max_size=8), max_size=5), st.frozensets(st.sampled_from(["m", "42", "uk 14", "2xl"])))
def test_only_made_sizes_come_out_and_made_ones_stay(sizes: list[str], made: frozenset[str]) -> None:
    assert set(translate_sizes(sizes, made, {})) <= made
    assert set(translate_sizes([*sizes, *made], made, {})) == made
