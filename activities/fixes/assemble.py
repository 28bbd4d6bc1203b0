"""Assemble the box of one Fix alone."""

from __future__ import annotations

from activities.declaration import declare_activity
from models.fixes import FixDone, FixState, FixStep
from services.context import ServiceContext
from services.decisions.decider import Decider
from services.fixes import assembly
from services.fixes.fix_steps import build_step_result
from store.database import read_transaction, write_transaction
from store.fixes import fixes


class FixAssemblySteps:
    """The step that makes the box of one Fix alone."""

    def __init__(self, context: ServiceContext, decider: Decider) -> None:
        self._context, self._decider = context, decider

    @declare_activity()
    def assemble_fix(self, step: FixStep) -> FixDone:
        """Assemble the box; no unit is held yet. A Fix that is further on stays as it is."""
        with read_transaction(self._context.engine) as connection:
            clock, now = self._context.load_business_time(connection, step.at)
            row = fixes.load_fix(connection, step.fix_id)
            question = assembly.build_question(connection, row, now) if row.state == FixState.RANKED else None
        answer = assembly.choose_box(self._decider, question) if question is not None else None
        with write_transaction(self._context.engine) as connection:
            current = fixes.load_fix(connection, step.fix_id, lock=True)
            if answer is not None and (current.state, current.assembled) == (FixState.RANKED, row.assembled):
                assembly.save_box(self._decider, connection, row, answer, now)
            return build_step_result(
                self._context.settings, connection, fixes.load_fix(connection, step.fix_id), clock, now
            )
