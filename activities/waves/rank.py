"""What the Fixes of one part ask: ranked where they are not yet, as arrays."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from temporalio import activity

from activities.fixes.rank import FixRanker
from activities.heartbeat import beating
from algorithms.assembly import parts
from domain.fixes import rules as fix_rules
from errors import NotFound, Unavailable
from models.fixes import FixId, FixState
from models.slots import AssemblyQuestion
from models.waves import WaveStep, WaveTurn
from services.context import ServiceContext
from store.database import read_transaction, write_transaction
from store.fixes import fixes, waves
from store.fixes.fixes import FixRow
from store.fixes.rows import items_of, wish_of


class AskWave:
    """See the module."""

    def __init__(self, context: ServiceContext, ranker: FixRanker) -> None:
        self._context, self._ranker = context, ranker

    @activity.defn
    def rank_wave_part(self, step: WaveStep) -> WaveTurn:
        """Rank those that are not; keep what the part asks. A Fix that ended or went on alone is left out."""
        with read_transaction(self._context.engine) as connection:
            _, now = self._context.business_time(connection, step.at)
            planned: list[FixId] = waves.get(connection, step.wave).plan["parts"][step.part]
        with beating():
            try:
                self._ranker.rank(self._ready(planned), now)
            except NotFound:  # its client was erased since; the next attempt no longer sees it
                raise Unavailable("a Fix has gone meanwhile") from None
            with read_transaction(self._context.engine) as connection:
                rows = [row for row in fixes.those(connection, planned) if waits(row)]
            asked = parts.problem([question_of(row, now) for row in rows])
            named = np.array([row.fix_id for row in rows], np.str_)
            with write_transaction(self._context.engine) as connection:
                waves.put(connection, step.wave, f"problem/{step.part}", asked | {"fixes": named}, now)
        return WaveTurn(parts=1)

    def _ready(self, planned: Sequence[FixId]) -> list[FixId]:
        """Those to rank. Whose note is still being read has the next wave, or the Fix goes on alone."""
        with read_transaction(self._context.engine) as connection:
            rows = fixes.those(connection, planned)
        return [row.fix_id for row in rows if row.state == FixState.REQUESTED and (not row.note or row.note_read)]


def waits(row: FixRow) -> bool:
    """Whether a wave may make the box of this Fix."""
    return bool(row.wave) and row.state == FixState.RANKED


def question_of(row: FixRow, now: datetime) -> AssemblyQuestion:
    """What a Fix asks in a wave: its candidates at their full worth, since the wave makes the prices itself."""
    return fix_rules.question(wish_of(row), items_of(row), {}, row.client_id, now, row.assembled)
