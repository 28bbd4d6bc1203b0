"""Fix which Fixes a wave takes, in which parts, and report at its end."""

from __future__ import annotations

from datetime import timedelta

from temporalio import activity

from models.waves import WaveEnd, WaveReport, WaveState, WaveStep, WaveTurn
from services.context import ServiceContext
from store.database import write_transaction
from store.fixes import fixes, reservations, waves


class WavePlanSteps:
    """The first and the last step of a wave."""

    def __init__(self, context: ServiceContext) -> None:
        self._context = context

    @activity.defn
    def begin_wave(self, step: WaveStep) -> WaveTurn:
        """Split all Fixes that wait for a wave into parts when it first begins; the parts depend on the list alone."""
        settings = self._context.settings
        with write_transaction(self._context.engine) as connection:
            _, now = self._context.load_business_time(connection, step.at)
            if waves.find_wave(connection, step.wave) is None:
                reservations.release_expired(connection, now)
                waves.delete_old_arrays(connection, now - timedelta(days=settings.decision_days))
            due, size = fixes.list_due_for_wave(connection, now), settings.fix_wave_part
            parts = [due[at : at + size] for at in range(0, len(due), size)]
            row = waves.begin_wave(connection, step.wave, parts, now)
            planned = row.plan["parts"]
            if row.report is None:
                count = sum(len(part) for part in planned)
                report = WaveReport(wave=step.wave, fixes=count, parts=len(planned))
                waves.save_report(connection, step.wave, WaveState.RANKING, report)
            return WaveTurn(parts=len(planned))

    @activity.defn
    def end_wave(self, end: WaveEnd) -> WaveReport:
        """Count what was proposed and save the report. The inputs stay for a while, so that boxes can be replayed."""
        with write_transaction(self._context.engine) as connection:
            _, now = self._context.load_business_time(connection, end.at)
            report = waves.parse_report(
                waves.begin_wave(connection, end.wave, [], now)
            )  # called off before it had begun
            proposed = waves.count_proposed(connection, end.wave)
            seconds = round(end.seconds, 3)
            report = report.model_copy(update={"proposed": proposed, "seconds": seconds, "state": end.state})
            waves.save_report(connection, end.wave, end.state, report)
            for prefix in ("turn/", "answer/"):
                waves.delete_arrays(connection, end.wave, prefix)
            return report
