"""Rank the Fixes of one part of a wave and save what they ask."""

from __future__ import annotations

import numpy as np

from activities.declaration import declare_activity
from activities.heartbeat import send_heartbeats
from algorithms.assembly import parts
from errors import NotFound, Unavailable
from models.fixes import FixId
from models.waves import WaveStep, WaveTurn
from services.context import ServiceContext
from services.fixes import wave_questions
from services.fixes.ranking import FixRanker
from store.database import read_transaction, write_transaction
from store.fixes import fixes, waves


class WaveRankingSteps:
    """The step that ranks the Fixes of one part."""

    def __init__(self, context: ServiceContext, ranker: FixRanker) -> None:
        self._context, self._ranker = context, ranker

    @declare_activity()
    def rank_wave_part(self, step: WaveStep) -> WaveTurn:
        """Rank the Fixes that are not ranked yet and save what the part asks. A Fix that ended or went on alone is left
        out."""
        with read_transaction(self._context.engine) as connection:
            _, now = self._context.load_business_time(connection, step.at)
            planned: list[FixId] = waves.load_wave(connection, step.wave).plan["parts"][step.part]
        with send_heartbeats():
            try:
                self._ranker.rank(wave_questions.list_rankable(self._context.engine, planned), now)
            except NotFound:  # its client was erased since; the next attempt no longer sees it
                raise Unavailable("a Fix has gone meanwhile") from None
            with read_transaction(self._context.engine) as connection:
                rows = [row for row in fixes.load_fixes(connection, planned) if wave_questions.is_waiting(row)]
            problem = parts.build_problem([wave_questions.build_wave_question(row, now) for row in rows])
            fix_ids = np.array([row.fix_id for row in rows], np.str_)
            with write_transaction(self._context.engine) as connection:
                waves.save_arrays(connection, step.wave, f"problem/{step.part}", problem | {"fixes": fix_ids}, now)
        return WaveTurn(parts=1)
