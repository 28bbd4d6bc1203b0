"""When a sign-in ends, how failed ones are slowed down, and what a password must be."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.sign_in_rules import (
    FORGOTTEN_AFTER,
    FREE_TRIES,
    LONGEST_WAIT,
    SignInLimits,
    check_password,
    compute_wait,
    fold_name,
)
from errors import BadInput
from models.base import utc

NOW = utc(2026, 11, 21)
LIMITS = SignInLimits(timedelta(hours=4), timedelta(hours=24))


@given(failures=st.integers(0, 10_000), ago=st.integers(0, 7_200), kind=st.sampled_from(sorted(FREE_TRIES)))
def test_waits_grow_never_exceed_a_quarter_of_an_hour_and_are_forgotten(failures: int, ago: int, kind: str) -> None:
    last_at = NOW - timedelta(seconds=ago)
    wait = compute_wait(kind, failures, last_at, NOW)
    assert timedelta() <= wait <= LONGEST_WAIT
    assert wait == timedelta() or failures >= FREE_TRIES[kind]
    assert compute_wait(kind, failures + 1, last_at, NOW) >= wait
    assert compute_wait(kind, failures, NOW - FORGOTTEN_AFTER, NOW) == timedelta()


def test_the_first_try_too_many_waits_half_a_minute() -> None:
    assert compute_wait("name", 5, NOW, NOW) == timedelta(seconds=30)
    assert compute_wait("name", 7, NOW, NOW) == timedelta(minutes=2)


@given(began=st.integers(0, 200_000), unused=st.integers(0, 200_000))
def test_a_sign_in_ends_at_the_nearer_limit(began: int, unused: int) -> None:
    ended = LIMITS.has_ended(NOW - timedelta(seconds=began), NOW - timedelta(seconds=unused), NOW)
    assert ended == (began >= 24 * 3600 or unused >= 4 * 3600)


@pytest.mark.parametrize("password", ["short", "x" * 257, "aaaaaaaaaaaaaaa", "Miranda is the best", "a\u0430" * 6])
def test_a_poor_password_is_refused_by_name(password: str) -> None:
    with pytest.raises(BadInput) as refused:
        check_password(password, "Miranda")
    assert refused.value.field == "password"


def test_a_name_is_one_whatever_way_it_is_typed() -> None:
    assert fold_name(" EVE ") == fold_name("eve")
    assert fold_name("Zo\u00eb") == fold_name("Zoe\u0308")
    check_password("four and twenty blackbirds", "Miranda")
