"""Sizes: compared, put in order, and what fit feedback changes."""

from __future__ import annotations

from itertools import pairwise

import pytest

from domain.sizes import find_neighbour, fold_size, list_wearable, parse_size, rank_size
from models.events import Fit


@pytest.mark.parametrize("word", ["", "One Size", "one-size", "OS", " O/S "])
def test_one_size_has_many_names(word):
    assert fold_size(word) == ""


def test_a_size_is_compared_without_case_and_spaces():
    assert fold_size(" XL ") == "xl"


@pytest.mark.parametrize(
    "scale",
    [
        ["3xs", "xxs", "xs", "s", "m", "l", "xl", "xxl", "3xl", "4xl"],
        ["small", "s/m", "medium", "m-l", "large", "xl", "2xl"],
        ["6", "8", "8.5", "10", "38", "100"],
        ["30/32", "32/30", "32/34", "34 / 30"],
    ],
)
def test_sizes_stand_in_order(scale):
    places = [parse_size(size) for size in scale]
    assert all(lower and higher and lower[0] == higher[0] for lower, higher in pairwise(places))
    assert all(lower and higher and lower[1] < higher[1] for lower, higher in pairwise(places))


def test_sizes_of_all_scales_stand_as_people_read_them():
    mixed = ["petite", "40", "L", "2XL", "32/34", "XS", "8", "M", "one size", "32/30"]
    read = ["XS", "M", "L", "2XL", "8", "40", "32/30", "32/34", "one size", "petite"]
    assert sorted(mixed, key=rank_size) == read


@pytest.mark.parametrize(("one", "same"), [("xxs", "2xs"), ("xxxl", "3xl"), ("small", "s"), ("32x34", "32/34")])
def test_two_ways_of_writing_stand_in_one_place(one, same):
    assert parse_size(one) == parse_size(same)


@pytest.mark.parametrize("size", ["petite", "tall", "mm", "xm", "-3", "", "x", "s/38"])
def test_a_size_of_no_known_scale_has_no_place(size):
    assert parse_size(size) is None


def test_the_neighbour_is_of_the_same_scale_and_made():
    made_sizes = {"s", "m", "xl", "38", "40", "42c"}
    assert find_neighbour("m", made_sizes, larger=True) == "xl"
    assert find_neighbour("m", made_sizes, larger=False) == "s"
    assert find_neighbour("39", made_sizes, larger=True) == "40"
    assert find_neighbour("40", made_sizes, larger=True) is None
    assert find_neighbour("petite", made_sizes, larger=True) is None


MADE = ("s", "m", "l", "xl")


@pytest.mark.parametrize(
    ("stated", "verdicts", "worn"),
    [
        ((), {}, {"s", "m", "l", "xl"}),  # nothing is known
        (("M", "38"), {}, {"m"}),  # sizes of any scale
        (("38",), {}, set()),  # none of these
        (("M",), {"m": Fit.SMALL}, {"l"}),
        (("M",), {"m": Fit.LARGE}, {"s"}),
        (("M",), {"l": Fit.FIT}, {"m", "l"}),
        (("M",), {"s": Fit.SMALL}, {"m"}),
        (("S", "M"), {"m": Fit.SMALL, "l": Fit.FIT}, {"s", "l"}),
        ((), {"m": Fit.FIT}, {"m"}),
        ((), {"m": Fit.SMALL}, {"l"}),
        ((), {"xl": Fit.SMALL}, {"s", "m", "l"}),  # nothing larger is made
        ((), {"38": Fit.FIT}, {"s", "m", "l", "xl"}),  # says nothing of this scale
        (("XL",), {"xl": Fit.SMALL}, set()),
    ],
)
def test_what_may_be_sent(stated, verdicts, worn):
    assert list_wearable(MADE, stated, verdicts) == worn
