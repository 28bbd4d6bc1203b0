"""Propose the boxes of one part: each is held whole or not at all, in a transaction of its own."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Final

from sqlalchemy import Connection
from temporalio import activity

from activities.fixes.assemble import SLOT, kept_of
from activities.fixes.reserve import propose
from activities.heartbeat import beating
from activities.waves.rank import question_of, waits
from algorithms.assembly import parts
from algorithms.slots.guard import Decision
from errors import NotFound
from models.fixes import FixId, FixState
from models.slots import AssemblyAnswer
from models.waves import WaveStep, WaveTurn
from services.context import ServiceContext
from services.decisions.decider import Asked, Decider
from store.database import read_transaction, write_transaction
from store.events import outbox
from store.fixes import fixes, waves

ALGORITHM: Final = "wave"
VERSION: Final = "1"
"""Raised when the same wave may get other boxes."""


class ProposeWave:
    """See the module."""

    def __init__(self, context: ServiceContext, decider: Decider) -> None:
        self._context, self._decider = context, decider

    @activity.defn
    def propose_wave_part(self, step: WaveStep) -> WaveTurn:
        """Hold and propose each box, and tell its Fix. One whose units went to others since is made anew alone."""
        with read_transaction(self._context.engine) as connection:
            boxes = boxes_of(connection, step.wave, step.part)
        with beating():
            for fix_id, box in boxes.items():
                with (
                    suppress(NotFound),
                    write_transaction(self._context.engine) as connection,
                ):  # its client was erased since
                    _, now = self._context.business_time(connection, step.at)
                    self._propose(connection, step.wave, fix_id, box, now)
        return WaveTurn(parts=1)

    def _propose(self, connection: Connection, wave: str, fix_id: FixId, box: tuple[str, ...], now: datetime) -> None:
        row = fixes.get(connection, fix_id, lock=True)
        if not waits(row):  # cancelled meanwhile, or done by an attempt that died
            return
        question = question_of(row, now)
        asked = Asked(SLOT, question, Decision(AssemblyAnswer(skus=box), ALGORITHM, VERSION, 0.0))
        kept = kept_of(row, asked) | {"wave_id": wave}
        self._decider.keep(connection, asked, now, fix_id=fix_id, key=f"{fix_id}/{kept['assembled']}")
        fixes.move(connection, fix_id, FixState.ASSEMBLED, now, values=kept, data={"box": list(box), "wave": wave})
        propose(self._context, connection, row, box, now)
        outbox.push(connection, "fix", [fix_id], self._context.wall())


def boxes_of(connection: Connection, wave: str, part: int) -> dict[FixId, tuple[str, ...]]:
    """The boxes that a wave gave to one part, the best item first; the empty ones left out. Raises NotFound."""
    asked = waves.take(connection, wave, f"problem/{part}")
    chosen = waves.take(connection, wave, f"box/{part}")["chosen"]
    return parts.boxes(asked, chosen)
