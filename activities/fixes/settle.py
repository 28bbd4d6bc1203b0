"""The end of a Fix, good or bad: it is approved, shipped, or let go, and no unit stays held."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine
from temporalio import activity

from errors import BadInput
from models.fixes import FixDone, FixEnd, FixId, FixState, FixStep
from services.context import ServiceContext
from services.fixes.fix_steps import run_fix_step, told
from store.database import write_transaction
from store.fixes import fixes, reservations
from store.fixes.fixes import FixRow


class SettleFix:
    """See the module."""

    def __init__(self, context: ServiceContext) -> None:
        self._context = context

    @activity.defn
    def ship_fix(self, step: FixStep) -> FixDone:
        """Sell what is held. `ranked` again when units were lost since it was approved, as when a count came in."""
        return run_fix_step(self._context, step, _ship)

    @activity.defn
    def end_fix(self, end: FixEnd) -> FixDone:
        """Cancelled or failed, with nothing held. A box that is shipped, or a Fix that has ended, stays as it is."""
        with write_transaction(self._context.engine) as connection:
            clock, now = self._context.business_time(connection, end.at)
            fixes.get(connection, end.fix_id, lock=True)
            let_go(connection, end.fix_id, end.to, end.code, now)
            row = fixes.get(connection, end.fix_id)
            return told(self._context.settings, connection, row, clock, now)


def _ship(connection: Connection, row: FixRow, now: datetime) -> None:
    if row.state == FixState.APPROVED and not _lost(connection, row.fix_id, now):
        reservations.sell(connection, row.fix_id, now)
        fixes.move(connection, row.fix_id, FixState.SHIPPED, now, values={"shipped_at": now})
        close_if_answered(connection, row.fix_id, now)  # feedback may have come before the box was known as shipped


def close_if_answered(connection: Connection, fix_id: FixId, now: datetime) -> bool:
    """Close a shipped Fix whose items all have their feedback; whether it did. The row is locked."""
    all_in = not fixes.unanswered(connection, fix_id)
    return all_in and fixes.move(connection, fix_id, FixState.CLOSED, now, code="answered")


def approve(
    connection: Connection, fix_id: FixId, code: str, now: datetime, values: Mapping[str, Any] | None = None
) -> None:
    """Approved, its units held until they are sold; `ranked` again when some were lost. The row is locked."""
    if not _lost(connection, fix_id, now, values):
        fixes.move(connection, fix_id, FixState.APPROVED, now, code=code, values=values, data=values)


def _lost(connection: Connection, fix_id: FixId, now: datetime, values: Mapping[str, Any] | None = None) -> bool:
    """Hold the box for good. Where units went to others, let go of the rest too: a new box is to be made."""
    lost = reservations.renew(connection, fix_id, now, None)
    if lost:
        reservations.release(connection, fix_id, now)
        told = {"lost": list(lost)}
        fixes.move(connection, fix_id, FixState.RANKED, now, code="units_lost", values=values, data=told)
    return bool(lost)


def let_go(
    connection: Connection,
    fix_id: FixId,
    to: FixState,
    code: str,
    now: datetime,
    values: Mapping[str, Any] | None = None,
) -> bool:
    """End a Fix that is not shipped, and give back what it held; whether it did. The row is locked."""
    moved = fixes.move(connection, fix_id, to, now, code=code, values=values, data=values)
    if moved:
        reservations.release(connection, fix_id, now)
    return moved


def call_off(engine: Engine, fix_id: FixId, now: datetime) -> None:
    """End a Fix that has no workflow any more, at business `now`. Raises NotFound, or BadInput when it has ended."""
    with write_transaction(engine) as connection:
        state = fixes.get(connection, fix_id, lock=True).state
        if not let_go(connection, fix_id, FixState.CANCELLED, "cancelled", now):
            raise BadInput(f"this Fix is {state}; nothing is left to call off", "fix_id")
