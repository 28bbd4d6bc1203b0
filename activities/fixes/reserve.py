"""Hold the units of an assembled box, all or none, and propose it to a stylist."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection
from temporalio import activity

from models.fixes import FixDone, FixState, FixStep
from services.context import ServiceContext
from services.fixes.fix_steps import decide_by, held_until, run_fix_step
from store.fixes import fixes, reservations
from store.fixes.fixes import FixRow
from store.fixes.rows import items_of


class ReserveFix:
    """See the module."""

    def __init__(self, context: ServiceContext) -> None:
        self._context = context

    @activity.defn
    def reserve_fix(self, step: FixStep) -> FixDone:
        """`proposed`; or `ranked` again when others were quicker, so that a box is made of what is there."""
        return run_fix_step(self._context, step, self._reserve)

    def _reserve(self, connection: Connection, row: FixRow, now: datetime) -> None:
        if row.state == FixState.ASSEMBLED:
            propose(self._context, connection, row, row.box or (), now)


def propose(context: ServiceContext, connection: Connection, row: FixRow, box: Sequence[str], now: datetime) -> bool:
    """Hold the units of `box` and propose it; whether they were all free. The row is locked by the caller."""
    known = {each.sku: each for each in items_of(row)}
    wanted = [known[sku] for sku in box]
    short = reservations.reserve(connection, row.fix_id, wanted, now, held_until(context.settings, now))
    if short:
        fixes.move(connection, row.fix_id, FixState.RANKED, now, code="short_of_stock", data={"short": list(short)})
        return False
    by = {"decide_by": decide_by(context.settings, now)}
    return fixes.move(connection, row.fix_id, FixState.PROPOSED, now, values=by, data={"in": list(box)})
