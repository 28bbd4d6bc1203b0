"""Propose the boxes of a wave: each is held whole or not at all."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from algorithms.assembly import parts
from algorithms.slots.slot_decisions import SlotDecision
from models.fixes import FixId, FixState
from models.slots import AssemblyAnswer
from services.context import ServiceContext
from services.decisions.decider import Decider, PendingDecision
from services.fixes.assembly import SLOT, build_box_columns
from services.fixes.proposal import propose_box
from services.fixes.wave_questions import build_wave_question, is_waiting
from store.events import outbox
from store.fixes import fixes, waves

ALGORITHM: Final = "wave"
VERSION: Final = "1"
"""Raised when the same wave may get other boxes."""


def load_boxes(connection: Connection, wave: str, part: int) -> dict[FixId, tuple[str, ...]]:
    """Load the boxes that a wave gave to one part, the best item first, without empty ones. Raises NotFound."""
    problem = waves.load_arrays(connection, wave, f"problem/{part}")
    chosen = waves.load_arrays(connection, wave, f"box/{part}")["chosen"]
    return parts.list_boxes(problem, chosen)


def propose_assembled(
    context: ServiceContext,
    decider: Decider,
    connection: Connection,
    wave: str,
    fix_id: FixId,
    box: tuple[str, ...],
    now: datetime,
) -> None:
    """Save the box that a wave gave to a Fix, propose it and nudge the Fix. Raises NotFound."""
    row = fixes.load_fix(connection, fix_id, lock=True)
    if not is_waiting(row):  # cancelled meanwhile, or done by an attempt that died
        return
    question = build_wave_question(row, now)
    decision = PendingDecision(SLOT, question, SlotDecision(AssemblyAnswer(skus=box), ALGORITHM, VERSION, 0.0))
    columns = build_box_columns(row, decision) | {"wave_id": wave}
    decider.record(connection, decision, now, fix_id=fix_id, key=f"{fix_id}/{columns['assembled']}")
    fixes.move_fix(connection, fix_id, FixState.ASSEMBLED, now, values=columns, data={"box": list(box), "wave": wave})
    propose_box(context, connection, row, box, now)
    outbox.push_nudges(connection, "fix", [fix_id], context.wall())
