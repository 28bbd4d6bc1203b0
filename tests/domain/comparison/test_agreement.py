"""How far a shadow agrees with what was used, and how it behaves."""

from __future__ import annotations

from typing import Any

import pytest

from domain.comparison.agreement import MAX_EXAMPLES, measure_agreement, summarise_answers
from domain.comparison.records import LiveAnswer, ShadowAnswer


def pair(number: int, used: dict[str, Any], shadow: dict[str, Any] | None) -> tuple[LiveAnswer, ShadowAnswer]:
    live = LiveAnswer(f"d{number}", f"c{number}", "q", "v", None, "one", None, 0.1, used, (), None)
    return live, ShadowAnswer("q", "new", 0.1, shadow, ())


def build_list(ids: str) -> dict[str, Any]:
    return {"items": list(ids)}


def test_answers_are_summarised_by_their_own_faults_alone():
    seconds = [k / 1_000 for k in range(1, 101)]
    faults = [("new:late", "other:late", "new:raised"), ("newer:late",), ("new:late",), ()]
    summary = summarise_answers("new", seconds, faults)
    assert (summary.n, summary.fault_rate, summary.faults) == (4, 0.5, {"late": 2, "raised": 1})
    assert (summary.p50_ms, summary.p95_ms) == (50.5, 95.05)
    nothing = summarise_answers("new", [], [])
    assert (nothing.n, nothing.fault_rate, nothing.p50_ms, nothing.p95_ms) == (0, 0.0, None, None)


def test_lists_agree_by_their_first_their_overlap_and_their_ranks():
    result = measure_agreement(
        [
            pair(1, build_list("abc"), build_list("abc")),
            pair(2, build_list("abc"), build_list("bax")),
            pair(3, build_list("abc"), None),
        ],
        3,
    )
    assert (result.n, result.same, result.first, result.difference) == (2, 0.5, 0.5, None)
    assert result.overlap == pytest.approx((1 + 2 / 3) / 2)
    assert result.rank_biased is not None
    assert 0.5 < result.rank_biased < 1
    assert result.changed == (
        {"decision": "d2", "client_id": "c2", "was": ("a", "b", "c"), "would_be": ("b", "a", "x")},
    )


def test_numbers_agree_by_their_difference():
    result = measure_agreement(
        [pair(1, {"p_alive": 0.5}, {"p_alive": 0.75}), pair(2, {"p_alive": 1}, {"p_alive": 1})], 3
    )
    assert (result.n, result.same, result.difference) == (2, 0.5, 0.125)
    assert (result.first, result.overlap, result.rank_biased) == (None, None, None)


def test_few_examples_of_changed_decisions_are_kept():
    pairs = [pair(k, {"action": "email"}, {"action": "nothing"}) for k in range(MAX_EXAMPLES + 3)]
    result = measure_agreement(pairs, 3)
    assert (result.same, result.difference) == (0.0, None)
    assert [change["decision"] for change in result.changed] == [f"d{k}" for k in range(MAX_EXAMPLES)]
    nothing = measure_agreement([], 3)
    assert (nothing.n, nothing.same, nothing.changed) == (0, 0.0, ())
