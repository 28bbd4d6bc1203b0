"""What comes of a question to a slot: a decision, or none yet, which the built-in then gives; and its record."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass

from algorithms.slots.built_in import BuiltIn
from algorithms.slots.slot_metrics import answers as answers_counted
from algorithms.slots.slot_metrics import seconds as seconds_measured
from algorithms.slots.slot_table import Slot
from models.answers import AnswerRecord
from models.slot_policies import BUILT_IN, SlotSplit
from models.slots import SlotAnswer, SlotQuestion


@dataclass(frozen=True)
class AnswerFault:
    """Which algorithm failed and how. `words` are for the algorithm's author alone."""

    algorithm: str
    code: str
    words: str


@dataclass(frozen=True)
class SlotDecision:
    """An answer that satisfies the slot's rules, who gave it, after how many seconds, and the faults of those asked
    before.

    `variant`: who was to answer. `experiment`: the split in force; None without one. `by_built_in`: whether
    the last member of the chain answered.
    """

    answer: SlotAnswer
    algorithm: str
    version: str
    seconds: float
    faults: tuple[AnswerFault, ...] = ()
    variant: str = BUILT_IN
    experiment: SlotSplit | None = None
    by_built_in: bool = False


@dataclass(frozen=True)
class Unanswered:
    """A question that no algorithm of the chain answered in time; the built-in is next. Fields as in SlotDecision."""

    slot: Slot
    question: SlotQuestion
    seconds: float
    faults: tuple[AnswerFault, ...] = ()
    variant: str = BUILT_IN
    experiment: SlotSplit | None = None

    def decide(self, built_in: BuiltIn | None = None, *, shadow: bool = False) -> SlotDecision:
        """Let the built-in answer: the given one, else the slot's own."""
        member, started = built_in or self.slot.built_in, time.monotonic()
        answer = member.answer(self.question)
        seconds = self.seconds + member.seconds_before + time.monotonic() - started
        decision = SlotDecision(
            answer, member.name, member.version, seconds, self.faults, self.variant, self.experiment, by_built_in=True
        )
        if not shadow:
            count_answer(self.slot, decision)
        return decision


def count_answer(slot: Slot, decision: SlotDecision, *, shadow: bool = False) -> None:
    """Count an answer, and how long it took where somebody waited for it."""
    name = BUILT_IN if decision.by_built_in else decision.algorithm
    answers_counted.labels(slot.name, name, "shadow" if shadow else "answered").inc()
    if not shadow:
        seconds_measured.labels(slot.name).observe(decision.seconds)


def build_answer_record(
    slot: str, question: SlotQuestion, decision: SlotDecision, *, shadow: bool = False, body: bytes | None = None
) -> AnswerRecord:
    """Build the record of a decision. `body`: the question as JSON, if the caller has it already."""
    failed = shadow and decision.by_built_in
    question_json = body or question.model_dump_json().encode()
    return AnswerRecord(
        slot=slot,
        client_id=question.client_id,
        asked_at=question.now,
        question=hashlib.sha256(question_json).hexdigest()[:32],
        role="shadow" if shadow else "live",
        variant=decision.variant,
        experiment=decision.experiment,
        algorithm=decision.variant if failed else decision.algorithm,
        version="" if failed else decision.version,
        propensity=None if failed else decision.answer.propensity,
        seconds=decision.seconds,
        answer=None if failed else decision.answer.model_dump(mode="json"),
        faults=tuple(f"{fault.algorithm}:{fault.code}" for fault in decision.faults),
    )
