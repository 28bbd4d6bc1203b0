"""Fix which Fixes a wave takes, in which parts, and report at its end."""

from __future__ import annotations

from activities.declaration import declare_activity
from models.actors import SYSTEM
from models.waves import WaveEnd, WaveReport, WaveStep, WaveTurn
from services.context import ServiceContext
from services.fixes import wave_start
from store.database import write_transaction
from store.fixes import waves


class WavePlanSteps:
    """The first and the last step of a wave."""

    def __init__(self, context: ServiceContext) -> None:
        self._context = context

    @declare_activity()
    def begin_wave(self, step: WaveStep) -> WaveTurn:
        """Split all Fixes that wait for a wave into parts when it first begins; the parts depend on the list alone."""
        return wave_start.begin_wave(self._context, step.actor or SYSTEM, step)

    @declare_activity()
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
