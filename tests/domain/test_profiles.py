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
    Happened,
    Taste,
    likings,
    looked,
    words_of,
)

KNIT = words_of("Knit", "Moss", ["classic", " Classic", ""])
NOW = ERA + 200 * DAY


def taste(*happened: Happened) -> Taste:
    made = Taste()
    for each in happened:
        made.add(each)
    return made


SIGNAL = st.builds(
    Happened,
    kind=st.sampled_from(sorted(SIGNALS)),
    at=st.floats(ERA - 3_000 * DAY, ERA + 3_000 * DAY),
    words=st.lists(st.sampled_from(["c:knit", "c:dress", "o:moss", "s:classic"]), unique=True).map(tuple),
    scale=st.floats(0, 2),
)


def test_an_item_stands_for_its_words_each_once() -> None:
    assert KNIT == ("c:knit", "o:moss", "s:classic")


@given(st.lists(SIGNAL, max_size=30), st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(happened: list[Happened], chance: object) -> None:
    mixed = list(happened)
    chance.shuffle(mixed)  # type: ignore[attr-defined]
    straight, other = taste(*happened).strengths(NOW), taste(*mixed).strengths(NOW)
    assert straight.keys() == other.keys()
    for word, left in straight.items():
        assert other[word] == pytest.approx(left, rel=1e-9, abs=1e-9)


@given(SIGNAL, st.floats(0, 2_000))
def test_each_signal_is_halved_by_its_own_half_life(happened: Happened, days: float) -> None:
    weight, speed = SIGNALS[happened.kind]
    for left in taste(happened).strengths(happened.at + days * DAY).values():
        assert left == pytest.approx(happened.scale * weight * 0.5 ** (days / HALF_LIFE_DAYS[speed]), abs=1e-12)


def test_half_a_century_from_now_sums_are_finite() -> None:
    late = taste(Happened("item_viewed", ERA + 50 * 365 * DAY, KNIT))
    assert all(math.isfinite(kept) for kept in late.sums.values())


def test_an_answer_overrides_older_guesses_on_what_it_answered_and_nothing_else() -> None:
    before = [Happened("item_viewed", ERA, KNIT), Happened("order_placed", ERA, KNIT)]
    answered = taste(*before, Happened(QUIZ, ERA + DAY, (CATEGORY,)))
    assert answered.sums.keys() == {"oc:knit", "oo:moss", "os:classic", "bo:moss", "bs:classic"}
    answered.add(Happened("item_viewed", ERA + 2 * DAY, KNIT))
    assert "bc:knit" in answered.sums


def test_likings_are_ordered_and_tell_their_source() -> None:
    bought = taste(
        Happened("order_placed", NOW, KNIT),
        Happened("order_returned", NOW, words_of("dress", "", [])),
        Happened("item_viewed", NOW, words_of("coat", "", [])),
    )
    found = likings(bought, {CATEGORY: ["Coat", "shoes"], STYLE: []}, CATEGORY, NOW)
    assert [(each.word, each.source) for each in found] == [
        ("coat", "both"),
        ("shoes", "said"),
        ("knit", "seen"),
        ("dress", "seen"),
    ]
    assert found[-1].strength < 0
    assert all(-1 < each.strength < 1 for each in found)
    assert likings(bought, {}, CATEGORY, NOW, n=1)[0].word == "dress"  # what is disliked most counts too


def test_long_looks_say_more() -> None:
    assert looked(None) == 1
    assert 0 < looked(1) < 0.2 < looked(20) < looked(90) < 2
