"""Assemble all boxes of a wave by turns: parts answer at given prices, then the answers are put together."""

from __future__ import annotations

from activities.declaration import declare_activity
from activities.heartbeat import send_heartbeats
from algorithms.assembly import parts
from algorithms.assembly.wave import answer_part, settle_turn, start_wave
from models.waves import WaveStep, WaveTurn
from services.context import ServiceContext
from services.fixes import wave_assembly
from store.database import read_transaction, write_transaction
from store.fixes import waves


class WaveAssemblySteps:
    """The steps that assemble the boxes of a wave."""

    def __init__(self, context: ServiceContext) -> None:
        self._context = context

    @declare_activity()
    def open_wave(self, step: WaveStep) -> WaveTurn:
        """Take the stock as it is now, for all parts until the end, and price it."""
        with send_heartbeats():
            with write_transaction(self._context.engine) as connection:
                _, now = self._context.load_business_time(connection, step.at)
                wave_assembly.save_stock(connection, step.wave, now)
            all_parts = wave_assembly.load_parts(self._context.engine, step.wave)
            return wave_assembly.save_progress(self._context, step, all_parts, start_wave(parts.join_parts(all_parts)))

    @declare_activity()
    def answer_wave_part(self, step: WaveStep) -> WaveTurn:
        """Compute what one part answers in this turn."""
        with send_heartbeats():
            with read_transaction(self._context.engine) as connection:
                _, now = self._context.load_business_time(connection, step.at)
                stock = waves.load_arrays(connection, step.wave, "shelf")
                problem = waves.load_arrays(connection, step.wave, f"problem/{step.part}")
                progress = parts.load_progress(waves.load_arrays(connection, step.wave, f"turn/{step.turn}"))
            answer = answer_part(parts.build_part(problem, stock, step.part), progress, int(stock["clients"][-1]))
            with write_transaction(self._context.engine) as connection:
                name = f"answer/{step.turn}/{step.part}"
                waves.save_arrays(connection, step.wave, name, parts.dump_answer(answer), now)
        return WaveTurn(parts=1, turn=step.turn)

    @declare_activity()
    def settle_wave(self, step: WaveStep) -> WaveTurn:
        """Put the answers of this turn together; in the last turn save the prices and the boxes."""
        with send_heartbeats():
            all_parts = wave_assembly.load_parts(self._context.engine, step.wave)
            with read_transaction(self._context.engine) as connection:
                progress = parts.load_progress(waves.load_arrays(connection, step.wave, f"turn/{step.turn}"))
                names = [f"answer/{step.turn}/{index}" for index in range(len(all_parts))]
                answers = [parts.load_answer(waves.load_arrays(connection, step.wave, name)) for name in names]
            return wave_assembly.save_progress(
                self._context, step, all_parts, settle_turn(parts.join_parts(all_parts), progress, answers)
            )
