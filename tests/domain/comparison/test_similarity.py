"""How much alike two answers are."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.comparison.agreement import measure_agreement, summarise_answers
from domain.comparison.records import LiveAnswer, ShadowAnswer
from domain.comparison.similarity import extract_action, extract_ids, extract_number, overlap_at_k, rank_biased_overlap

lists = st.lists(st.sampled_from("abcdefghij"), unique=True, max_size=8)


@given(one=lists, other=lists, k=st.integers(1, 9))
def test_likeness_is_even_handed_and_between_nothing_and_all(one: list[str], other: list[str], k: int) -> None:
    for measure in (lambda a, b: overlap_at_k(a, b, k), rank_biased_overlap):
        assert measure(one, one) == pytest.approx(1)
        assert -1e-9 <= measure(one, other) <= 1 + 1e-9
        assert measure(one, other) == pytest.approx(measure(other, one))
        if one and other and not {*one} & {*other}:
            assert measure(one, other) == 0


def test_what_comes_first_weighs_most() -> None:
    base = "abcdefgh"
    assert rank_biased_overlap(base, "bacdefgh") < rank_biased_overlap(base, "abcdefhg") < 1
    # Worked out by hand for p = 0.5: shares in common 0, 1, 1 of depths 1, 2, 3.
    assert rank_biased_overlap("abc", "bac", 0.5) == pytest.approx(1.0 * (0.25 + 0.125) + 0.125)


@pytest.mark.parametrize(
    ("answer", "ids", "value", "action"),
    [
        ({"items": [{"item_id": "a", "score": 2}, {"item_id": "b"}]}, ("a", "b"), None, ("a", "b")),
        ({"items": ["a", "b"]}, ("a", "b"), None, ("a", "b")),
        ({"skus": ["s"]}, ("s",), None, ("s",)),
        ({"p_alive": 0.5, "expected_orders": 3}, None, 0.5, 0.5),
        ({"score": 40.0, "crosses_at": None}, None, 40.0, 40.0),
        ({"at": "1970-01-02T00:00:00Z"}, None, 24.0, 24.0),
        ({"action": "offer", "uplift": 1}, None, None, "offer"),
    ],
)
def test_every_slot_s_answers_can_be_compared(
    answer: dict[str, Any], ids: object, value: object, action: object
) -> None:
    assert (extract_ids(answer), extract_number(answer), extract_action(answer)) == (ids, value, action)


def live(question: str, *items: str, faults: tuple[str, ...] = ()) -> LiveAnswer:
    answer = {"items": [{"item_id": item} for item in items]}
    return LiveAnswer(f"d{question}", "c", question, "one", None, "one", None, 0.01, answer, faults, None)


def test_agreement_is_over_what_both_answered_and_names_what_would_change() -> None:
    shadows = [
        ShadowAnswer("1", "two", 0.02, {"items": [{"item_id": "a"}, {"item_id": "b"}]}, ()),
        ShadowAnswer("2", "two", 0.04, {"items": [{"item_id": "a"}, {"item_id": "c"}]}, ()),
        ShadowAnswer("3", "two", 0.2, None, ("two:late",)),
    ]
    result = measure_agreement(
        list(zip((live("1", "a", "b"), live("2", "a", "b"), live("3", "a")), shadows, strict=True)), 10
    )
    assert (result.n, result.same, result.first, result.overlap) == (2, 0.5, 1.0, 0.75)
    assert result.changed == ({"decision": "d2", "client_id": "c", "was": ("a", "b"), "would_be": ("a", "c")},)
    took = summarise_answers("two", [shadow.seconds for shadow in shadows], [shadow.faults for shadow in shadows])
    assert (took.n, took.fault_rate, took.faults, took.p50_ms) == (3, 1 / 3, {"late": 1}, 40.0)
    assert summarise_answers("two", [], []).p95_ms is None
