"""Hold the units of an assembled box and propose it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from activities.declaration import declare_activity
from models.fixes import FixDone, FixState, FixStep
from services.context import ServiceContext
from services.fixes import proposal
from services.fixes.fix_steps import run_fix_step
from store.fixes.rows import FixRow


class ReservationSteps:
    """The step that holds the units of one box."""

    def __init__(self, context: ServiceContext) -> None:
        self._context = context

    @declare_activity()
    def reserve_fix(self, step: FixStep) -> FixDone:
        """Hold the units and propose the box; back to `ranked` when others were quicker, so that a new box is made."""
        return run_fix_step(self._context, step, self._reserve)

    def _reserve(self, connection: Connection, row: FixRow, now: datetime) -> None:
        if row.state == FixState.ASSEMBLED:
            proposal.propose_box(self._context, connection, row, row.box or (), now)
