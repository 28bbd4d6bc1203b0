"""Shadows: algorithms that are asked what the client's champion was asked, off its path, and never shown."""

from __future__ import annotations

import hashlib
import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from algorithms.guard import Decision, Member, decide
from algorithms.slot_metrics import shadows_left_out
from algorithms.slot_table import Slot
from models.answers import AnswerRecord
from models.policies import HOUSE
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
        self._room = threading.BoundedSemaphore(WAITING)

    def ask(self, slot: Slot, members: Sequence[Member], question: Question, seconds: float) -> None:
        """Soon; returns at once."""
        for member in members:
            if not self._room.acquire(blocking=False):
                shadows_left_out.labels(slot.name, member.name).inc()
                continue
            self._pool.submit(self._asked, slot, member, question, seconds)

    def _asked(self, slot: Slot, member: Member, question: Question, seconds: float) -> None:
        try:
            decision = decide(slot, [member], question, seconds, shadow=True)
            self.keep(slot, question, decision, member.name, shadow=True)
        finally:
            self._room.release()

    def keep(self, slot: Slot, question: Question, decision: Decision, variant: str, *, shadow: bool) -> None:
        """Record a decision; a recorder that fails costs the record, not the answer."""
        try:
            self._record(record_of(slot, question, decision, variant, shadow=shadow))
        except Exception as broken:  # its type alone is told, for its words may hold anything
            log.error("recording an answer of %s failed: %s", variant, type(broken).__name__)

    def close(self) -> None:
        """Wait for those under way; those that wait are left out."""
        self._pool.shutdown(cancel_futures=True)


def record_of(slot: Slot, question: Question, decision: Decision, variant: str, *, shadow: bool) -> AnswerRecord:
    """What is kept of a decision. `variant`: who was to answer."""
    failed = shadow and decision.algorithm == HOUSE
    return AnswerRecord(
        slot=slot.name,
        client_id=question.client_id,
        asked_at=question.now,
        question=hashlib.sha256(question.model_dump_json().encode()).hexdigest()[:32],
        role="shadow" if shadow else "live",
        variant=variant,
        algorithm=variant if failed else decision.algorithm,
        version="" if failed else decision.version,
        propensity=None if failed else decision.answer.propensity,
        seconds=decision.seconds,
        answer=None if failed else decision.answer.model_dump(mode="json"),
        faults=tuple(f"{fault.algorithm}:{fault.code}" for fault in decision.faults),
    )
