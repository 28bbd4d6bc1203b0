"""The blend's arithmetic: contributions add up, parts stay in their range, seasons follow the client's sky."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from domain.blend import (
    PARTS,
    BlendWeights,
    contributions,
    find_season,
    freshness,
    inventory,
    margin,
    score_seasons,
)
from models.base import utc
from models.catalogue import Season

wild = arrays(np.float64, 7, elements=st.floats(allow_nan=True, allow_infinity=True, width=64))


def test_the_default_weights_are_those_of_the_design():
    assert BlendWeights().model_dump() == {
        "match": 0.4,
        "trend": 0.2,
        "inventory": 0.1,
        "margin": 0.1,
        "freshness": 0.1,
        "season": 0.1,
    }


@given(st.tuples(*[wild] * 6), st.tuples(*[st.floats(0, 5)] * 6))
def test_whatever_the_parts_each_contribution_stays_within_its_weight(parts, weights):
    given_weights = BlendWeights(**dict(zip(PARTS, weights, strict=True)))
    shares = contributions(given_weights, dict(zip(PARTS, parts, strict=True)))
    assert shares.shape == (6, 7)
    for row, weight in zip(shares, weights, strict=True):
        assert np.all((row >= 0) & (row <= weight))


@given(st.floats(0, 1e12), st.floats(0, 1e12))
def test_freshness_falls_from_one_with_age(added, age):
    now = added + age
    value = freshness(np.array([added]), now)[0]
    assert 0 <= value <= 1
    assert freshness(np.array([now + 5]), now)[0] == 1
    assert freshness(np.array([now - 30 * 86_400]), now)[0] == pytest.approx(0.5, abs=1e-6)


def test_inventory_is_half_at_the_usual_and_nothing_at_none():
    assert inventory(np.array([0.0, 12.0, 1e9]), 12.0).round(6).tolist() == [0.0, 0.5, 1.0]


def test_margin_takes_the_median_where_the_cost_is_unknown():
    assert margin(np.array([100.0, 100.0, 100.0]), np.array([20.0, 60.0, np.nan])) == pytest.approx([0.8, 0.4, 0.6])
    skewed = margin(np.full(4, 100.0), np.array([90.0, 80.0, 10.0, np.nan]))
    assert skewed == pytest.approx([0.1, 0.2, 0.9, 0.2]), "the median, not the mean"
    assert margin(np.array([100.0, 0.0]), np.array([150.0, np.nan])).tolist() == [0.0, 0.0]
    assert margin(np.array([100.0]), np.array([np.nan])).tolist() == [0.0]


@pytest.mark.parametrize(
    ("month", "zone", "season"),
    [
        (1, "Europe/London", Season.WINTER),
        (3, "Europe/London", Season.SPRING),
        (8, "America/New_York", Season.SUMMER),
        (11, "Asia/Tokyo", Season.AUTUMN),
        (12, "Europe/London", Season.WINTER),
        (12, "Australia/Sydney", Season.SUMMER),
        (6, "Pacific/Auckland", Season.WINTER),
        (4, "America/Argentina/Salta", Season.AUTUMN),
    ],
)
def test_the_season_is_that_of_the_clients_hemisphere(month, zone, season):
    assert find_season(utc(2026, month, 15), zone) is season


def test_this_season_counts_most_then_all_year_then_what_comes():
    fit = score_seasons(utc(2026, 7, 1))
    assert [fit[s] for s in (Season.SUMMER, Season.ALL, Season.AUTUMN, Season.WINTER, Season.SPRING)] == [
        1.0,
        0.8,
        0.6,
        0.0,
        0.0,
    ]
