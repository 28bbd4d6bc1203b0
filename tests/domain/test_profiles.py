"""Tastes: sums that fade, any order of arrival, and answers that override what was guessed before."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.engagement import DAY
from domain.profiles import (
    CATEGORY,
    ERA,
    HALF_LIFE_DAYS,
    QUIZ,
    SIGNALS,
    STYLE,
    PreferenceEvent,
    PreferenceSums,
    list_item_words,
    rank_preferences,
    scale_dwell,
)

KNIT = list_item_words("Knit", "Moss", ["classic", " Classic", ""])
NOW = ERA + 200 * DAY


def taste(*happened: PreferenceEvent) -> PreferenceSums:
    sums = PreferenceSums()
    for event in happened:
        sums.add(event)
    return sums


SIGNAL = st.builds(
    PreferenceEvent,
    kind=st.sampled_from(sorted(SIGNALS)),
    at=st.floats(ERA - 3_000 * DAY, ERA + 3_000 * DAY),
    words=st.lists(st.sampled_from(["c:knit", "c:dress", "o:moss", "s:classic"]), unique=True).map(tuple),
    scale=st.floats(0, 2),
)


def test_an_item_stands_for_its_words_each_once() -> None:
    assert KNIT == ("c:knit", "o:moss", "s:classic")


@given(st.lists(SIGNAL, max_size=30), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(happened: list[PreferenceEvent], chance: object) -> None:
    mixed = list(happened)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    straight, other = taste(*happened).strengths(NOW), taste(*mixed).strengths(NOW)
    assert straight.keys() == other.keys()
    for word, left in straight.items():
        assert other[word] == pytest.approx(left, rel=1e-9, abs=1e-9)


@given(SIGNAL, st.floats(0, 2_000))
def test_each_signal_is_halved_by_its_own_half_life(happened: PreferenceEvent, days: float) -> None:
    weight, speed = SIGNALS[happened.kind]
    for left in taste(happened).strengths(happened.at + days * DAY).values():
        assert left == pytest.approx(happened.scale * weight * 0.5 ** (days / HALF_LIFE_DAYS[speed]), abs=1e-12)


def test_half_a_century_from_now_sums_are_finite() -> None:
    late = taste(PreferenceEvent("item_viewed", ERA + 50 * 365 * DAY, KNIT))
    assert all(math.isfinite(total) for total in late.sums.values())


def test_an_answer_overrides_older_guesses_on_what_it_answered_and_nothing_else() -> None:
    before = [PreferenceEvent("item_viewed", ERA, KNIT), PreferenceEvent("order_placed", ERA, KNIT)]
    answered = taste(*before, PreferenceEvent(QUIZ, ERA + DAY, (CATEGORY,)))
    assert answered.sums.keys() == {"oc:knit", "oo:moss", "os:classic", "bo:moss", "bs:classic"}
    answered.add(PreferenceEvent("item_viewed", ERA + 2 * DAY, KNIT))
    assert "bc:knit" in answered.sums


def test_likings_are_ordered_and_tell_their_source() -> None:
    bought = taste(
        PreferenceEvent("order_placed", NOW, KNIT),
        PreferenceEvent("order_returned", NOW, list_item_words("dress", "", [])),
        PreferenceEvent("item_viewed", NOW, list_item_words("coat", "", [])),
    )
    preferences = rank_preferences(bought, {CATEGORY: ["Coat", "shoes"], STYLE: []}, CATEGORY, NOW)
    assert [(preference.word, preference.source) for preference in preferences] == [
        ("coat", "both"),
        ("shoes", "said"),
        ("knit", "seen"),
        ("dress", "seen"),
    ]
    assert preferences[-1].strength < 0
    assert all(-1 < preference.strength < 1 for preference in preferences)
    assert rank_preferences(bought, {}, CATEGORY, NOW, n=1)[0].word == "dress"  # what is disliked most counts too


def test_long_looks_say_more() -> None:
    assert scale_dwell(None) == 1
    assert 0 < scale_dwell(1) < 0.2 < scale_dwell(20) < scale_dwell(90) < 2
