"""The way to ask a slot: the registry's answer, always valid and in time, and the record of it.

Ask before the transaction that uses the answer and record inside it, so that no lock is held while an algorithm runs:

    pending = decider.ask("ranking", question)
    with write_transaction(engine) as connection:
        decider.record(connection, pending, now, n=7)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Self

from sqlalchemy import Connection, Engine

from algorithms.slots import guard
from algorithms.slots.guard import SlotDecision
from algorithms.slots.registry import Registry
from algorithms.slots.shadows import build_answer_record
from algorithms.slots.slot_table import require_slot
from models.answers import AnswerRecord
from models.slots import SlotAnswer, SlotQuestion
from services.decisions.shadow_records import ShadowRecorder
from settings import Settings
from store.learning import decisions


@dataclass(frozen=True)
class PendingDecision:
    """A slot's decision with its question, not recorded yet."""

    slot: str
    question: SlotQuestion
    decision: SlotDecision

    def replace_answer(self, algorithm: str, version: str, answer: SlotAnswer, seconds: float) -> PendingDecision:
        """Return this decision with the caller's own answer, which took so many seconds: the product often has a better
        built-in than the slot's last resort."""
        own = replace(self.decision, algorithm=algorithm, version=version, answer=answer, seconds=seconds)
        return replace(self, decision=own)

    @cached_property
    def body(self) -> bytes:
        """The question as JSON."""
        return self.question.model_dump_json().encode()

    @property
    def record(self) -> AnswerRecord:
        """The record to save."""
        return build_answer_record(require_slot(self.slot), self.question, self.decision, body=self.body)


class Decider:
    """Asks slots and records decisions. One for a process; safe from many threads. Without a `registry` the built-in
    answers every slot."""

    def __init__(self, registry: Registry | None = None) -> None:
        self._registry = registry

    @classmethod
    @contextmanager
    def serve(cls, settings: Settings, engine: Engine) -> Iterator[Self]:
        """Open a decider with the algorithms in force, which follow changes of the file and the packages; shadow
        answers are recorded."""
        recording = ShadowRecorder(engine, settings.decision_days)
        registry = Registry.from_settings(settings, record=recording)
        registry.watch()
        try:
            yield cls(registry)
        finally:
            registry.close()
            recording.close()

    def has_algorithm(self, slot: str) -> bool:
        """Return whether an algorithm beside the built-in has a part in a slot; where none has, a caller can skip the
        question. Costs next to nothing."""
        return self._registry is not None and self._registry.has_algorithm(slot)

    def ask(self, slot: str, question: SlotQuestion) -> PendingDecision:
        """Ask one question and return a valid answer in time; nothing is recorded yet."""
        return self.ask_many(slot, [question])[0]

    def ask_many(self, slot: str, questions: Sequence[SlotQuestion]) -> list[PendingDecision]:
        """Ask the questions of many clients and return the answers in order; `algorithms.slots.batches` sets the
        deadline."""
        if self._registry is None:
            decisions = guard.decide_many(require_slot(slot), [], questions)
        else:
            decisions = self._registry.decide_many(slot, questions)
        return [
            PendingDecision(slot, question, decision) for question, decision in zip(questions, decisions, strict=True)
        ]

    def record(
        self,
        connection: Connection,
        pending: PendingDecision,
        now: datetime,
        *,
        n: int | None = None,
        fix_id: str | None = None,
        key: str = "",
    ) -> str:
        """Record an answer at business `now`, with its question, in the transaction that uses it, and return the
        decision's id.

        `n`: the mail, or `fix_id`: the Fix that it is for. `key` names what the answer is for, such as a Fix and its
        round: the first answer recorded under it stands. Without a key see `store.learning.decisions.keep`.
        """
        return decisions.save_decision(connection, pending.record, now, n=n, fix_id=fix_id, key=key, body=pending.body)
