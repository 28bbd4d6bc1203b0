"""Shadows: algorithms that are asked the champion's questions in the background and never shown."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final

from algorithms.slots.guard import Member, decide_many
from algorithms.slots.slot_decisions import build_answer_record
from algorithms.slots.slot_metrics import shadows_left_out
from algorithms.slots.slot_table import Slot
from models.answers import AnswerRecord
from models.slots import SlotQuestion

Recorder = Callable[[AnswerRecord], None]

THREADS: Final = 2
WAITING: Final = 200
"""Questions that may wait for a shadow; further ones are left out and counted, so that shadows never slow what is
shown."""

log = logging.getLogger(__name__)


class ShadowRunner:
    """Asks shadows in its own threads and passes each answer to `record`. Close it in the end."""

    def __init__(self, record: Recorder) -> None:
        self._record = record
        self._pool = ThreadPoolExecutor(THREADS, thread_name_prefix="shadows")
        self._waiting, self._counting = 0, threading.Lock()

    def ask(self, slot: Slot, members: Sequence[Member], questions: Sequence[SlotQuestion], seconds: float) -> None:
        """Schedule all questions for each shadow as one call and return at once."""
        for member in members:
            if self._reserve_room(len(questions)):
                self._pool.submit(self._ask_and_record, slot, member, questions, seconds)
            else:
                shadows_left_out.labels(slot.name, member.name).inc(len(questions))

    def close(self) -> None:
        """Wait for calls under way; questions that still wait are dropped."""
        self._pool.shutdown(cancel_futures=True)

    def _reserve_room(self, count: int) -> bool:
        with self._counting:
            room = self._waiting + count <= WAITING
            self._waiting += count if room else 0
            return room

    def _ask_and_record(self, slot: Slot, member: Member, questions: Sequence[SlotQuestion], seconds: float) -> None:
        try:
            decisions = decide_many(slot, [member], questions, seconds, shadow=True)
            for question, decision in zip(questions, decisions, strict=True):
                self._record_safely(
                    build_answer_record(slot.name, question, replace(decision, variant=member.name), shadow=True)
                )
        finally:
            with self._counting:
                self._waiting -= len(questions)

    def _record_safely(self, record: AnswerRecord) -> None:
        """Record an answer; a recorder that fails loses this record but not the later ones."""
        try:
            self._record(record)
        except Exception as broken:  # only its type is logged, because its words may hold anything
            log.error("recording an answer of %s failed: %s", record.variant, type(broken).__name__)
