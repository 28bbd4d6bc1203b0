"""Shadows: algorithms that are asked what the client's champion was asked, off its path, and never shown."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final

from algorithms.slots.guard import Decision, Member, decide_many
from algorithms.slots.slot_metrics import shadows_left_out
from algorithms.slots.slot_table import Slot
from models.answers import AnswerRecord
from models.policies import BUILT_IN
from models.slots import Question

Recorder = Callable[[AnswerRecord], None]

THREADS: Final = 2
WAITING: Final = 200
"""Questions that may wait for a shadow; further ones are left out and counted: shadows never slow what is shown."""

log = logging.getLogger(__name__)


class Shadows:
    """Asks in threads of its own and hands each answer to `record`. Close it in the end."""

    def __init__(self, record: Recorder) -> None:
        self._record = record
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="shadows")
        self._waiting, self._counting = 0, threading.Lock()

    def ask(self, slot: Slot, members: Sequence[Member], questions: Sequence[Question], seconds: float) -> None:
        """Soon, all in one call; returns at once."""
        for member in members:
            if self._room_for(len(questions)):
                self._pool.submit(self._asked, slot, member, questions, seconds)
            else:
                shadows_left_out.labels(slot.name, member.name).inc(len(questions))

    def close(self) -> None:
        """Wait for those under way; those that wait are left out."""
        self._pool.shutdown(cancel_futures=True)

    def _room_for(self, count: int) -> bool:
        with self._counting:
            room = self._waiting + count <= WAITING
            self._waiting += count if room else 0
            return room

    def _asked(self, slot: Slot, member: Member, questions: Sequence[Question], seconds: float) -> None:
        try:
            decisions = decide_many(slot, [member], questions, seconds, shadow=True)
            for question, decision in zip(questions, decisions, strict=True):
                self._keep(record_of(slot, question, replace(decision, variant=member.name), shadow=True))
        finally:
            with self._counting:
                self._waiting -= len(questions)

    def _keep(self, record: AnswerRecord) -> None:
        """A recorder that fails costs the record, not the answers after it."""
        try:
            self._record(record)
        except Exception as broken:  # its type alone is told, for its words may hold anything
            log.error("recording an answer of %s failed: %s", record.variant, type(broken).__name__)


def record_of(
    slot: Slot, question: Question, decision: Decision, *, shadow: bool = False, body: bytes | None = None
) -> AnswerRecord:
    """What is kept of a decision. `body`: the question as JSON, where it is at hand."""
    failed = shadow and decision.algorithm == BUILT_IN
    asked = body or question.model_dump_json().encode()
    return AnswerRecord(
        slot=slot.name,
        client_id=question.client_id,
        asked_at=question.now,
        question=hashlib.sha256(asked).hexdigest()[:32],
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
