"""The guard between the product and every algorithm: whatever happens there, a valid answer comes within the deadline.

An answer counts only when it satisfies its schema and the slot's rules. Where no algorithm of the chain gives one in
time, the chain's last member answers: the built-in, which is called in this process. No text that an algorithm writes
reaches a log.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from pydantic import ValidationError

from algorithms.slots.algorithm_error import AlgorithmError
from algorithms.slots.circuit import Circuit
from algorithms.slots.slot_decisions import AnswerFault, SlotDecision, Unanswered, count_answer
from algorithms.slots.slot_metrics import answers as answers_counted
from algorithms.slots.slot_table import Slot
from models.slots import AnswerBatch, SlotAnswer, SlotQuestion

LARGEST_REPLY: Final = 262_144
"""Bytes for one question."""
LARGEST_MORE: Final = 65_536
"""Bytes for each further one of a batch."""

log = logging.getLogger(__name__)


class SlotAlgorithm(Protocol):
    """An algorithm that can be asked: helper processes or a remote. Safe from many threads."""

    def ask(self, order: bytes, end: float, limit: int) -> dict[str, Any]:
        """Return the reply before the moment `end` (monotonic seconds), at most `limit` bytes. Raises
        AlgorithmError."""

    def is_ready(self, seconds: float) -> bool:
        """Return whether it can be asked, waiting at most so many seconds."""

    def close(self) -> None:
        """Release its processes and connections."""


@dataclass(frozen=True)
class Member:
    """An algorithm in a slot's chain."""

    name: str
    algorithm: SlotAlgorithm
    circuit: Circuit = field(default_factory=Circuit)


def decide(
    slot: Slot, chain: Sequence[Member], question: SlotQuestion, seconds: float | None = None, *, shadow: bool = False
) -> SlotDecision:
    """Ask the chain one question and return a valid answer within `seconds` (the slot's own where not given) plus some
    milliseconds."""
    return decide_many(slot, chain, [question], seconds, shadow=shadow)[0]


def decide_many(
    slot: Slot,
    chain: Sequence[Member],
    questions: Sequence[SlotQuestion],
    seconds: float | None = None,
    *,
    shadow: bool = False,
) -> list[SlotDecision]:
    """Ask the chain a batch of questions in one call, then the slot's built-in, and return the answers in order.

    The chain has `seconds` for all together. `shadow`: nobody uses the answers, so they are counted apart.
    """
    attempts = ask_chain(slot, chain, questions, seconds, shadow=shadow)
    return [attempt.decide(shadow=shadow) if isinstance(attempt, Unanswered) else attempt for attempt in attempts]


def ask_chain(
    slot: Slot,
    chain: Sequence[Member],
    questions: Sequence[SlotQuestion],
    seconds: float | None = None,
    *,
    shadow: bool = False,
) -> list[SlotDecision | Unanswered]:
    """Ask the algorithms of the chain as `decide_many` does, and leave what none answered to the built-in."""
    started = time.monotonic()
    end = started + (slot.seconds if seconds is None else seconds)
    decisions_by_index: dict[int, SlotDecision] = {}
    faults: dict[int, list[AnswerFault]] = {index: [] for index in range(len(questions))}
    for member in chain:
        open_indices = [index for index in faults if index not in decisions_by_index]
        if not open_indices or time.monotonic() >= end:
            break
        result = _ask_member(slot, member, [questions[index] for index in open_indices], end)
        for index, answer in zip(open_indices, result.answers, strict=True):
            if isinstance(answer, SlotAnswer):
                seconds_taken = time.monotonic() - started
                decisions_by_index[index] = SlotDecision(
                    answer, member.name, result.version, seconds_taken, tuple(faults[index])
                )
            else:
                faults[index].append(answer)
    for fault in (fault for question_faults in faults.values() for fault in question_faults):
        answers_counted.labels(slot.name, fault.algorithm, fault.code).inc()
    for decision in decisions_by_index.values():
        count_answer(slot, decision, shadow=shadow)
    took = time.monotonic() - started
    return [
        decisions_by_index.get(index) or Unanswered(slot, questions[index], took, tuple(faults[index]))
        for index in faults
    ]


@dataclass
class _MemberAnswers:
    version: str
    answers: list[SlotAnswer | AnswerFault]


def _ask_member(slot: Slot, member: Member, questions: Sequence[SlotQuestion], end: float) -> _MemberAnswers:
    """Ask one algorithm and return a valid answer or a fault for each question."""
    result = _MemberAnswers("unstated", [])
    try:
        with member.circuit.count_outcome():
            reply = _fetch_reply(slot, member, questions, end)
            result.version = reply.version
            result.answers = [
                _validate_answer(slot, member.name, question, answer, reply.error)
                for question, answer in zip(questions, reply.answers, strict=True)
            ]
            for answer in result.answers:
                if isinstance(answer, AnswerFault):
                    raise AlgorithmError(answer.code, answer.words)
    except AlgorithmError as trouble:
        result.answers = result.answers or [AnswerFault(member.name, trouble.code, trouble.words)] * len(questions)
    except Exception as broken:
        # A bug of ours must not cost the client an answer; only its type is logged: its words may hold anything.
        log.error("asking %s failed: %s", member.name, type(broken).__name__)
        result.answers = [AnswerFault(member.name, "internal", type(broken).__name__)] * len(questions)
    return result


def _fetch_reply(slot: Slot, member: Member, questions: Sequence[SlotQuestion], end: float) -> AnswerBatch:
    limit = LARGEST_REPLY + LARGEST_MORE * (len(questions) - 1)
    raw = member.algorithm.ask(_build_order(slot, questions, end), end, limit)
    try:
        reply = AnswerBatch.model_validate(raw)
    except ValidationError as wrong:
        raise AlgorithmError("schema", f"reply: {_describe_first_error(wrong)}") from None
    if len(reply.answers) != len(questions):
        why = reply.error or f"{len(reply.answers)} answers to {len(questions)} questions"
        raise AlgorithmError("raised" if reply.error else "schema", why)
    return reply


def _build_order(slot: Slot, questions: Sequence[SlotQuestion], end: float) -> bytes:
    left = max(end - time.monotonic(), 0.001)
    batch = ",".join(question.model_dump_json() for question in questions)
    return f'{{"slot":"{slot.name}","seconds":{left:.4f},"questions":[{batch}]}}'.encode()


def _validate_answer(
    slot: Slot, name: str, question: SlotQuestion, raw: Any, error: str | None
) -> SlotAnswer | AnswerFault:
    if raw is None:
        return AnswerFault(name, "raised" if error else "no_answer", error or "null instead of an answer")
    try:
        answer = slot.answer.model_validate(raw)
    except ValidationError as wrong:
        finite = any(error["type"] == "finite_number" for error in wrong.errors(include_url=False))
        return AnswerFault(name, "not_finite" if finite else "schema", _describe_first_error(wrong))
    broken = slot.rules(question, answer)
    return AnswerFault(name, broken.code, broken.words) if broken else answer


def _describe_first_error(wrong: ValidationError) -> str:
    first = wrong.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc'])) or 'answer'}: {first['msg']}"
