"""Between the product and every algorithm: whatever happens there, a valid answer comes within the deadline.

An answer counts only when it satisfies its schema and the slot's rules. What no algorithm of the chain answers well in
time, the house does. Nothing of what an algorithm says in words reaches a log.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from pydantic import ValidationError

from algorithms.slots.circuit import Circuit
from algorithms.slots.slot_metrics import answers as answers_counted
from algorithms.slots.slot_metrics import seconds as seconds_measured
from algorithms.slots.slot_table import Slot
from algorithms.slots.trouble import Trouble
from models.policies import BUILT_IN
from models.slots import Answer, Question, Reply

LARGEST_REPLY: Final = 262_144
"""Bytes for one question."""
LARGEST_MORE: Final = 65_536
"""Bytes for each further one of a batch."""

log = logging.getLogger(__name__)


class Algorithm(Protocol):
    """Something that may be asked: helper processes or a remote. Safe from many threads."""

    def ask(self, order: bytes, end: float, limit: int) -> dict[str, Any]:
        """The reply before the moment `end` (monotonic seconds), of `limit` bytes at most. Raises Trouble."""

    def ready(self, seconds: float) -> bool:
        """Whether it can be asked, within so many seconds."""

    def close(self) -> None:
        """Give back what it holds."""


@dataclass(frozen=True)
class Member:
    """An algorithm in a slot's chain."""

    name: str
    algorithm: Algorithm
    circuit: Circuit = field(default_factory=Circuit)


@dataclass(frozen=True)
class Fault:
    """Who failed and how. `words` are for the algorithm's author alone."""

    algorithm: str
    code: str
    words: str


@dataclass(frozen=True)
class Decision:
    """An answer that satisfies the slot's rules, who gave it, after how long, and whose answers were no good.

    `variant`: who was to answer. `experiment`: the split in force, in words; empty without one.
    """

    answer: Answer
    algorithm: str
    version: str
    seconds: float
    faults: tuple[Fault, ...] = ()
    variant: str = BUILT_IN
    experiment: str = ""


def decide(
    slot: Slot, chain: Sequence[Member], question: Question, seconds: float | None = None, *, shadow: bool = False
) -> Decision:
    """The answer to one question within `seconds` (the slot's own where not given) and some milliseconds."""
    return decide_many(slot, chain, [question], seconds, shadow=shadow)[0]


def decide_many(
    slot: Slot,
    chain: Sequence[Member],
    questions: Sequence[Question],
    seconds: float | None = None,
    *,
    shadow: bool = False,
) -> list[Decision]:
    """The answers to a batch, in its order, within `seconds` for all of them together; asked in one call.

    `shadow`: nobody uses the answers, so they are counted apart.
    """
    started = time.monotonic()
    end = started + (slot.seconds if seconds is None else seconds)
    made: dict[int, Decision] = {}
    faults: dict[int, list[Fault]] = {place: [] for place in range(len(questions))}
    for member in chain:
        places = [place for place in faults if place not in made]
        if not places or time.monotonic() >= end:
            break
        said = _said(slot, member, [questions[place] for place in places], end)
        for place, answer in zip(places, said.answers, strict=True):
            if isinstance(answer, Answer):
                took = time.monotonic() - started
                made[place] = Decision(answer, member.name, said.version, took, tuple(faults[place]))
            else:
                faults[place].append(answer)
    decisions = [made.get(place) or _by_house(slot, questions[place], started, faults[place]) for place in faults]
    _count(slot, decisions, shadow)
    return decisions


@dataclass
class _Said:
    version: str
    answers: list[Answer | Fault]


def _said(slot: Slot, member: Member, questions: Sequence[Question], end: float) -> _Said:
    """A valid answer or a fault for each question."""
    said = _Said("unstated", [])
    try:
        with member.circuit.counted():
            reply = _reply(slot, member, questions, end)
            said.version = reply.version
            said.answers = [
                _judged(slot, member.name, question, answer, reply.error)
                for question, answer in zip(questions, reply.answers, strict=True)
            ]
            for each in said.answers:
                if isinstance(each, Fault):
                    raise Trouble(each.code, each.words)
    except Trouble as trouble:
        said.answers = said.answers or [Fault(member.name, trouble.code, trouble.words)] * len(questions)
    except Exception as broken:
        # A bug of ours must not cost the client an answer; its type alone is told, for its words may hold anything.
        log.error("asking %s failed: %s", member.name, type(broken).__name__)
        said.answers = [Fault(member.name, "internal", type(broken).__name__)] * len(questions)
    return said


def _reply(slot: Slot, member: Member, questions: Sequence[Question], end: float) -> Reply:
    limit = LARGEST_REPLY + LARGEST_MORE * (len(questions) - 1)
    raw = member.algorithm.ask(_order(slot, questions, end), end, limit)
    try:
        reply = Reply.model_validate(raw)
    except ValidationError as wrong:
        raise Trouble("schema", f"reply: {_first(wrong)}") from None
    if len(reply.answers) != len(questions):
        why = reply.error or f"{len(reply.answers)} answers to {len(questions)} questions"
        raise Trouble("raised" if reply.error else "schema", why)
    return reply


def _order(slot: Slot, questions: Sequence[Question], end: float) -> bytes:
    left = max(end - time.monotonic(), 0.001)
    batch = ",".join(question.model_dump_json() for question in questions)
    return f'{{"slot":"{slot.name}","seconds":{left:.4f},"questions":[{batch}]}}'.encode()


def _judged(slot: Slot, name: str, question: Question, said: Any, error: str | None) -> Answer | Fault:
    if said is None:
        return Fault(name, "raised" if error else "no_answer", error or "null instead of an answer")
    try:
        answer = slot.answer.model_validate(said)
    except ValidationError as wrong:
        finite = any(error["type"] == "finite_number" for error in wrong.errors(include_url=False))
        return Fault(name, "not_finite" if finite else "schema", _first(wrong))
    broken = slot.rules(question, answer)
    return Fault(name, broken.code, broken.words) if broken else answer


def _first(wrong: ValidationError) -> str:
    first = wrong.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc'])) or 'answer'}: {first['msg']}"


def _by_house(slot: Slot, question: Question, started: float, faults: Sequence[Fault]) -> Decision:
    answer = slot.fallback(question)
    return Decision(answer, BUILT_IN, "built-in", time.monotonic() - started, tuple(faults))


def _count(slot: Slot, decisions: Sequence[Decision], shadow: bool) -> None:
    for decision in decisions:
        for fault in decision.faults:
            answers_counted.labels(slot.name, fault.algorithm, fault.code).inc()
        if not shadow:
            answers_counted.labels(slot.name, decision.algorithm, "answered").inc()
            seconds_measured.labels(slot.name).observe(decision.seconds)
        elif decision.algorithm != BUILT_IN:
            answers_counted.labels(slot.name, decision.algorithm, "shadow").inc()
