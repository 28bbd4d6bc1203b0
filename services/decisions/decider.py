"""How activities ask a slot: the registry's answer, always valid and in time, and the record of it.

It is asked before the transaction that uses the answer and recorded in it, so that no lock is held while an algorithm
thinks:

    asked = decider.ask("ranking", question)
    with writing(engine) as connection:
        decider.keep(connection, asked, now, n=7)
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
from algorithms.slots.guard import Decision
from algorithms.slots.registry import Registry
from algorithms.slots.shadows import record_of
from algorithms.slots.slot_table import slot_named
from models.answers import AnswerRecord
from models.slots import Answer, Question
from services.decisions.shadow_records import Recording
from settings import Settings
from store.learning import decisions


@dataclass(frozen=True)
class Asked:
    """A decision that is not recorded yet, and what was asked."""

    slot: str
    question: Question
    decision: Decision

    def instead(self, algorithm: str, version: str, answer: Answer, seconds: float) -> Asked:
        """With an answer of the caller's own after so many seconds, for the house has better ones than a slot's last
        resort."""
        own = replace(self.decision, algorithm=algorithm, version=version, answer=answer, seconds=seconds)
        return replace(self, decision=own)

    @cached_property
    def body(self) -> bytes:
        """The question as JSON."""
        return self.question.model_dump_json().encode()

    @property
    def record(self) -> AnswerRecord:
        """What is kept of it."""
        return record_of(slot_named(self.slot), self.question, self.decision, body=self.body)


class Decider:
    """One for a process; safe to ask from many threads. Without a `registry` the house answers every slot."""

    def __init__(self, registry: Registry | None = None) -> None:
        self._registry = registry

    @classmethod
    @contextmanager
    def serving(cls, settings: Settings, engine: Engine) -> Iterator[Self]:
        """With the algorithms in force, which change as the file and the packages do; shadows are recorded."""
        recording = Recording(engine, settings.decision_days)
        registry = Registry.from_settings(settings, record=recording)
        registry.watch()
        try:
            yield cls(registry)
        finally:
            registry.close()
            recording.close()

    def asks(self, slot: str) -> bool:
        """Whether anyone but the house has a part in a slot; where not, a caller may spare the question. Costs next to
        nothing."""
        return self._registry is not None and self._registry.asks(slot)

    def ask(self, slot: str, question: Question) -> Asked:
        """An answer, valid and in time; nothing is recorded yet."""
        return self.ask_many(slot, [question])[0]

    def ask_many(self, slot: str, questions: Sequence[Question]) -> list[Asked]:
        """Answers for many clients, in their order; `algorithms.slots.batches` says how long that may take."""
        if self._registry is None:
            made = guard.decide_many(slot_named(slot), [], questions)
        else:
            made = self._registry.decide_many(slot, questions)
        return [Asked(slot, question, each) for question, each in zip(questions, made, strict=True)]

    def keep(
        self,
        connection: Connection,
        asked: Asked,
        now: datetime,
        *,
        n: int | None = None,
        fix_id: str | None = None,
        key: str = "",
    ) -> str:
        """Record an answer at business `now`, with its question, in the transaction that uses it; the decision's id.

        `n`: the mail, or `fix_id`: the Fix that it is for. `key` names what the answer is for, such as a Fix and its
        round: the first answer kept under it stands. Without one: see `store.learning.decisions.keep`.
        """
        return decisions.keep(connection, asked.record, now, n=n, fix_id=fix_id, key=key, body=asked.body)
