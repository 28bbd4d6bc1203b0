"""The guard, its circuit and the slots' rules, with algorithms in memory."""

from __future__ import annotations

import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from algorithms.slots.algorithm_error import AlgorithmError
from algorithms.slots.circuit import Circuit
from algorithms.slots.guard import Member, decide
from algorithms.slots.samples import build_sample_question
from algorithms.slots.slot_table import SLOTS, require_slot
from errors import NotFound
from models.base import utc
from models.slots import AssemblyAnswer, AssemblyQuestion, Piece, SendTimeAnswer
from tests.algorithms.slots.questions import build_ranking_question

RANKING = SLOTS["ranking"]


class ScriptedAlgorithm:
    """Gives the scripted replies in order, and raises those that are exceptions."""

    def __init__(self, *script: Any) -> None:
        self.script, self.asked = list(script), 0

    def ask(self, order: bytes, end: float, limit: int) -> dict[str, Any]:
        self.asked += 1
        reply = self.script[min(self.asked, len(self.script)) - 1]
        if isinstance(reply, Exception):
            raise reply
        return {"version": "1", "answers": [reply]}

    def is_ready(self, seconds: float) -> bool:
        return True

    def close(self) -> None: ...


GOOD = {"items": [{"item_id": f"item-{i}", "score": 1} for i in range(5)]}
BAD = AlgorithmError("crashed", "")


@pytest.mark.parametrize("broken", [RuntimeError("a client's words"), KeyError("x"), MemoryError()])
def test_a_bug_of_ours_costs_no_answer_and_leaks_no_words(broken: Exception, caplog: pytest.LogCaptureFixture) -> None:
    decision = decide(RANKING, [Member("odd", ScriptedAlgorithm(broken))], build_ranking_question())
    assert [fault.code for fault in decision.faults] == ["internal"]
    assert "a client's words" not in caplog.text


@pytest.mark.parametrize(
    ("version", "taken"), [("1.0+a1b2c3", True), ("two words", False), ("x" * 65, False), (1, False)]
)
def test_a_version_is_one_short_word(version: Any, taken: bool) -> None:
    class Versioned(ScriptedAlgorithm):
        def ask(self, order: bytes, end: float, limit: int) -> dict[str, Any]:
            return super().ask(order, end, limit) | {"version": version}

    decision = decide(RANKING, [Member("m", Versioned(GOOD))], build_ranking_question())
    assert (decision.version == version) is taken
    assert [fault.code for fault in decision.faults] == ([] if taken else ["schema"])


def test_a_circuit_opens_after_faults_in_a_row_and_closes_after_a_good_answer() -> None:
    scripted = ScriptedAlgorithm(*[BAD] * 3, GOOD)
    member = Member("m", scripted, Circuit(faults=3, rest_seconds=0.2))
    for _ in range(3):
        assert decide(RANKING, [member], build_ranking_question()).faults[0].code == "crashed"
    assert member.circuit.state == "open"
    assert decide(RANKING, [member], build_ranking_question()).faults[0].code == "circuit_open"
    assert scripted.asked == 3
    time.sleep(0.25)
    assert decide(RANKING, [member], build_ranking_question()).algorithm == "m"
    assert member.circuit.state == "closed"


def test_a_failed_trial_opens_it_again() -> None:
    member = Member("m", ScriptedAlgorithm(BAD), Circuit(faults=1, rest_seconds=0.1))
    decide(RANKING, [member], build_ranking_question())
    time.sleep(0.15)
    codes = [decide(RANKING, [member], build_ranking_question()).faults[0].code for _ in range(2)]
    assert codes == ["crashed", "circuit_open"]


def test_only_one_question_at_a_time_tries_a_rested_circuit() -> None:
    circuit = Circuit(faults=1, rest_seconds=0.05)
    with pytest.raises(AlgorithmError), circuit.count_outcome():
        raise BAD
    time.sleep(0.1)
    with circuit.count_outcome(), pytest.raises(AlgorithmError, match="circuit_open"), circuit.count_outcome():
        pytest.fail("a second question got through")
    assert circuit.state == "closed"


def test_good_answers_between_faults_keep_it_closed_and_invalid_answers_count_as_faults() -> None:
    nothing: dict[str, Any] = {"items": []}
    member = Member(
        "m", ScriptedAlgorithm(nothing, GOOD, nothing, GOOD, nothing, nothing), Circuit(faults=2, rest_seconds=60)
    )
    states = []
    for _ in range(6):
        decide(RANKING, [member], build_ranking_question())
        states.append(member.circuit.state)
    assert states == ["closed"] * 5 + ["open"]


def test_a_start_is_no_fault() -> None:
    member = Member("m", ScriptedAlgorithm(AlgorithmError("starting", "")), Circuit(faults=1, rest_seconds=60))
    decide(RANKING, [member], build_ranking_question())
    assert member.circuit.state == "closed"


def test_metrics_tell_who_answered_and_who_failed() -> None:
    def read_counter(algorithm: str, outcome: str) -> float:
        labels = {"slot": "ranking", "algorithm": algorithm, "outcome": outcome}
        return REGISTRY.get_sample_value("selvedge_slot_answers_total", labels) or 0.0

    before = read_counter("told", "crashed"), read_counter("house", "answered")
    decide(RANKING, [Member("told", ScriptedAlgorithm(BAD))], build_ranking_question())
    assert (read_counter("told", "crashed"), read_counter("house", "answered")) == (before[0] + 1, before[1] + 1)


@pytest.mark.parametrize("slot", SLOTS.values(), ids=list(SLOTS))
@given(seed=st.integers(0, 10_000), size=st.integers(0, 60))
@settings(max_examples=40, deadline=None)
def test_the_house_keeps_every_rule(slot: Any, seed: int, size: int) -> None:
    question = build_sample_question(slot.name, seed, size)
    answer = slot.answer.model_validate_json(slot.built_in.answer(question).model_dump_json())
    assert slot.rules(question, answer) is None


@pytest.mark.parametrize(
    ("skus", "code"),
    [
        (("a", "b"), None), ((), None), (("a", "a"), "duplicate"), (("z",), "unknown_id"), (("a", "b", "c"), "size"),
        (("a", "d"), "limit"), (("e",), "limit"), (("b", "c"), "limit"),
    ],
)  # fmt: skip
def test_rules_of_a_box(skus: tuple[str, ...], code: str | None) -> None:
    prices = {"a": ("x", 10), "b": ("y", 40), "c": ("y", 5), "d": ("z", 60), "e": ("q", 61)}
    pieces = tuple(Piece(sku=sku, category=of, price_cents=cents, score=1) for sku, (of, cents) in prices.items())
    question = AssemblyQuestion(
        client_id="c", now=utc(2026), slots=2, budget_cents=65, item_cap_cents=60, category_cap=1, pieces=pieces
    )
    wrong = SLOTS["assembly"].rules(question, AssemblyAnswer(skus=skus))
    assert (wrong.code if wrong else None) == code


def test_a_moment_outside_the_windows_is_refused() -> None:
    question: Any = build_sample_question("send_time", 1, 1)
    rules = SLOTS["send_time"].rules
    assert rules(question, SendTimeAnswer(at=question.windows[0].start)) is None
    assert rules(question, SendTimeAnswer(at=question.windows[0].until)).code == "limit"  # type: ignore[union-attr]


def test_an_unknown_slot_is_named_with_those_there_are() -> None:
    with pytest.raises(NotFound, match="ranking"):
        require_slot("rankings")
