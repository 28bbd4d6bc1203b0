"""Arms: the share asked for, the same whenever asked, and alike in whatever else is known."""

from __future__ import annotations

from math import sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.holdouts import assign_arm, build_re_engagement_slug
from models.states import Arm

CLIENTS = [f"c{n}" for n in range(4_000)]


def list_held_out(campaign: str, share: float) -> set[str]:
    return {client for client in CLIENTS if assign_arm(campaign, client, share) is Arm.CONTROL}


@given(campaign=st.from_regex(r"[a-z0-9._-]{1,40}", fullmatch=True), share=st.floats(0.0, 0.5))
@settings(max_examples=40, deadline=None)
def test_as_many_are_held_out_as_asked_for_and_always_the_same(campaign: str, share: float) -> None:
    out = list_held_out(campaign, share)
    assert abs(len(out) - share * len(CLIENTS)) <= 5 * sqrt(len(CLIENTS) * share * (1 - share)) + 1e-9
    assert out == list_held_out(campaign, share)


@given(low=st.floats(0.0, 0.5), high=st.floats(0.0, 0.5))
@settings(max_examples=20, deadline=None)
def test_a_larger_share_holds_out_those_of_the_smaller(low: float, high: float) -> None:
    assert list_held_out("spring", min(low, high)) <= list_held_out("spring", max(low, high))


def test_each_share_of_re_engagement_is_a_comparison_of_its_own() -> None:
    assert [build_re_engagement_slug(share) for share in (0.1, 0.25, 1.0)] == [
        "re-engagement.0.1",
        "re-engagement.0.25",
        "re-engagement.1",
    ]


def test_another_campaign_holds_out_others() -> None:
    both = list_held_out("spring", 0.5) & list_held_out("autumn", 0.5)
    assert len(both) == pytest.approx(len(CLIENTS) / 4, abs=5 * sqrt(len(CLIENTS) * 3 / 16))


def test_arms_are_balanced_over_whatever_is_known_of_a_client() -> None:
    """Here: their number, as shops give numbers in order of signup."""
    late = [client in held_out for client in CLIENTS[2_000:]] if (held_out := list_held_out("spring", 0.1)) else []
    early = [client in held_out for client in CLIENTS[:2_000]]
    assert abs(sum(late) - sum(early)) <= 5 * sqrt(4_000 * 0.1 * 0.9)
