"""The way to ask a slot: the registry's answer, always valid and in time, and the record of it.

Ask before the transaction that uses the answer and record inside it, so that no lock is held while an algorithm runs:

    pending = decider.ask("ranking", question, built_in)
    with write_transaction(engine) as connection:
        decider.record(connection, pending, now, n=7)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Self

from sqlalchemy import Connection, Engine

from algorithms.slots.built_in import BuiltIn
from algorithms.slots.registry import Registry
from algorithms.slots.slot_decisions import SlotDecision, Unanswered, build_answer_record
from algorithms.slots.slot_table import SLOTS
from models.answers import AnswerRecord
from models.slots import SlotQuestion
from services.decisions.shadow_records import ShadowRecorder
from settings import Settings
from store.learning import decisions


@dataclass(frozen=True)
class PendingDecision:
    """A slot's decision with its question, not recorded yet."""

    slot: str
    question: SlotQuestion
    decision: SlotDecision

    def ask_built_in(self, question: SlotQuestion) -> PendingDecision:
        """Let the slot's built-in answer the question as it stands now, where the answer cannot be carried out any
        more. The algorithms are not asked again; the client stays in the same part of the split."""
        earlier = self.decision
        unanswered = Unanswered(
            SLOTS[self.slot], question, earlier.seconds, earlier.faults, earlier.variant, earlier.experiment
        )
        return PendingDecision(self.slot, question, unanswered.decide())

    @cached_property
    def body(self) -> bytes:
        """The question as JSON."""
        return self.question.model_dump_json().encode()

    @property
    def record(self) -> AnswerRecord:
        """The record to save."""
        return build_answer_record(self.slot, self.question, self.decision, body=self.body)


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
        return self._registry is not None and slot in self._registry.plugged

    @property
    def generation(self) -> int:
        """A number that grows whenever policies or the algorithms in force change."""
        return 0 if self._registry is None else self._registry.generation

    def ask(self, slot: str, question: SlotQuestion, built_in: BuiltIn | None = None) -> PendingDecision:
        """Ask one question and return a valid answer in time; nothing is recorded yet.

        `built_in`: the last member of the chain in this call, where the caller has a better one than the slot's own.
        """
        return self.ask_many(slot, [question], [built_in])[0]

    def ask_many(
        self, slot: str, questions: Sequence[SlotQuestion], built_ins: Sequence[BuiltIn | None] = (), first: str = ""
    ) -> list[PendingDecision]:
        """Ask the questions of many clients and return the answers in order; `algorithms.slots.batches` sets the
        deadline. `built_ins`: for each question, as in `ask`. `first`: who is asked first, in the place of the slot's
        champion and split."""
        attempts = self._ask_algorithms(slot, questions, first)
        members = built_ins or [None] * len(questions)
        return [
            PendingDecision(slot, question, attempt.decide(member) if isinstance(attempt, Unanswered) else attempt)
            for question, attempt, member in zip(questions, attempts, members, strict=True)
        ]

    def ask_algorithms(self, slot: str, question: SlotQuestion) -> PendingDecision | Unanswered:
        """Ask one question without the built-in, whose answer the caller comes to know later."""
        (attempt,) = self._ask_algorithms(slot, [question])
        return attempt if isinstance(attempt, Unanswered) else PendingDecision(slot, question, attempt)

    def _ask_algorithms(
        self, slot: str, questions: Sequence[SlotQuestion], first: str = ""
    ) -> list[SlotDecision | Unanswered]:
        if self._registry is not None and slot in self._registry.plugged:
            return self._registry.ask_algorithms(slot, questions, first)
        return [Unanswered(SLOTS[slot], question, 0.0) for question in questions]

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
