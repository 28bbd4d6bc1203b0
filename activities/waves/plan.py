"""Which Fixes a wave takes, in which parts, and what it came to."""

from __future__ import annotations

from datetime import timedelta

from temporalio import activity

from models.waves import WaveEnd, WaveReport, WaveState, WaveStep, WaveTurn
from services.context import ServiceContext
from store.database import write_transaction
from store.fixes import fixes, reservations, waves


class PlanWave:
    """See the module."""

    def __init__(self, context: ServiceContext) -> None:
        self._context = context

    @activity.defn
    def begin_wave(self, step: WaveStep) -> WaveTurn:
        """All Fixes that wait for a wave, in parts that depend on nothing but the list; fixed when it first begins."""
        settings = self._context.settings
        with write_transaction(self._context.engine) as connection:
            _, now = self._context.business_time(connection, step.at)
            if waves.found(connection, step.wave) is None:
                reservations.release_expired(connection, now)
                waves.forget(connection, now - timedelta(days=settings.decision_days))
            due, size = fixes.due_for_wave(connection, now), settings.fix_wave_part
            parts = [due[at : at + size] for at in range(0, len(due), size)]
            row = waves.begin(connection, step.wave, parts, now)
            planned = row.plan["parts"]
            if row.report is None:
                count = sum(len(part) for part in planned)
                report = WaveReport(wave=step.wave, fixes=count, parts=len(planned))
                waves.keep(connection, step.wave, WaveState.RANKING, report)
            return WaveTurn(parts=len(planned))

    @activity.defn
    def end_wave(self, end: WaveEnd) -> WaveReport:
        """Count what was proposed, keep the report. The inputs stay for a while, so that boxes can be made again."""
        with write_transaction(self._context.engine) as connection:
            _, now = self._context.business_time(connection, end.at)
            told = waves.report_of(waves.begin(connection, end.wave, [], now))  # called off before it had begun
            made = waves.proposed(connection, end.wave)
            seconds = round(end.seconds, 3)
            told = told.model_copy(update={"proposed": made, "seconds": seconds, "state": end.state})
            waves.keep(connection, end.wave, end.state, told)
            for prefix in ("turn/", "answer/"):
                waves.clear(connection, end.wave, prefix)
            return told
