"""Ship a Fix, or end it without a shipment."""

from __future__ import annotations

from activities.declaration import declare_activity
from models.actors import TEMPORAL
from models.fixes import FixDone, FixEnd, FixStep
from services.context import ServiceContext
from services.fixes import settlement
from services.fixes.fix_steps import build_step_result, run_fix_step
from store.database import write_transaction
from store.fixes import fixes


class SettlementSteps:
    """The last steps of a Fix."""

    def __init__(self, context: ServiceContext) -> None:
        self._context = context

    @declare_activity()
    def ship_fix(self, step: FixStep) -> FixDone:
        """Sell what is held; back to `ranked` when units were lost since the approval, as when a stock count came
        in."""
        return run_fix_step(self._context, step, settlement.ship_box)

    @declare_activity()
    def end_fix(self, end: FixEnd) -> FixDone:
        """Cancel or fail the Fix and release its units. A box that is shipped, or a Fix that has ended, stays as it
        is."""
        with write_transaction(self._context.engine) as connection:
            clock, now = self._context.load_business_time(connection, end.at)
            fixes.load_fix(connection, end.fix_id, lock=True)
            if end.code == settlement.CANCELLED:
                settlement.cancel_and_record(connection, TEMPORAL, end.fix_id, now, self._context.wall())
            else:
                settlement.end_and_release(connection, end.fix_id, end.to, end.code, now)
            row = fixes.load_fix(connection, end.fix_id)
            return build_step_result(self._context.settings, connection, row, clock, now)
