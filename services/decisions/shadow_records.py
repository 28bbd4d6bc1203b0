"""The writer of shadow answers: in batches and in a thread of its own, so that it never delays what is shown. It also
deletes what is past its time."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from sqlalchemy import Engine

from algorithms.slots.slot_metrics import shadows_unrecorded
from algorithms.slots.slot_table import SLOTS
from models.answers import AnswerRecord
from services.repeated_work import RepeatedWork
from store import clock
from store.database import read_transaction, write_transaction
from store.learning import decisions

BATCH: Final = 100
EVERY_SECONDS: Final = 1.0
"""Real seconds from an answer to its row, about."""
WAITING: Final = 2_000
"""Answers that may wait while the database is away; further ones are left out and counted."""
PURGE_SECONDS: Final = 3_600.0
"""Real seconds between two purges."""


class ShadowRecorder:
    """Call it with a record, from any thread. `keep_days`: business days until questions and shadow answers are
    deleted."""

    def __init__(self, engine: Engine, keep_days: float, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._engine, self._keep, self._monotonic = engine, timedelta(days=keep_days), monotonic
        self._queue: queue.Queue[AnswerRecord] = queue.Queue(WAITING)
        self._purged = monotonic()
        self._work = RepeatedWork(
            "recording", self._write_waiting, EVERY_SECONDS, "answers of shadows are not kept", once_more=True
        )
        self._work.start()

    def __call__(self, record: AnswerRecord) -> None:
        """Queue a record and return at once."""
        try:
            self._queue.put_nowait(record)
        except queue.Full:
            shadows_unrecorded.inc()

    def close(self) -> None:
        """Write what waits and end the thread."""
        self._work.close()

    def _write_waiting(self) -> None:
        """Write what waits; when the database is away, what is in hand is lost."""
        while batch := self._take_batch():
            with write_transaction(self._engine) as connection:
                decisions.save_shadows(connection, batch)
        if self._monotonic() - self._purged > PURGE_SECONDS:
            purge(self._engine, self._keep, datetime.now(UTC))
            self._purged = self._monotonic()

    def _take_batch(self) -> list[AnswerRecord]:
        batch: list[AnswerRecord] = []
        while len(batch) < BATCH and not self._queue.empty():
            batch.append(self._queue.get_nowait())
        return batch


def purge(engine: Engine, keep: timedelta, real_now: datetime) -> int:
    """Delete the questions and shadow answers that are older than `keep`, in small transactions, and return how
    many."""
    with read_transaction(engine) as connection:
        before = clock.load_business_time(connection, real_now) - keep
    total = 0
    while True:
        with write_transaction(engine) as connection:
            count = decisions.purge_old(connection, before, SLOTS)
        if not count:
            return total
        total += count
