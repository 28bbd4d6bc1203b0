"""Approve, ship, close or end a Fix, so that no unit stays held."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine

from errors import BadInput
from models.fixes import FixId, FixState
from store.database import write_transaction
from store.fixes import fixes, reservations
from store.fixes.rows import FixRow


def ship_box(connection: Connection, row: FixRow, now: datetime) -> None:
    """Sell the units of an approved Fix; back to `ranked` when some were lost."""
    if row.state == FixState.APPROVED and not _fails_to_hold(connection, row.fix_id, now):
        reservations.sell_box(connection, row.fix_id, now)
        fixes.move_fix(connection, row.fix_id, FixState.SHIPPED, now, values={"shipped_at": now})
        close_if_answered(connection, row.fix_id, now)  # feedback may have come before the box was known as shipped


def close_if_answered(connection: Connection, fix_id: FixId, now: datetime) -> bool:
    """Close a shipped Fix whose items all have their feedback; return whether it did. The row is locked."""
    all_in = not fixes.count_unanswered(connection, fix_id)
    return all_in and fixes.move_fix(connection, fix_id, FixState.CLOSED, now, code="answered")


def approve_fix(
    connection: Connection, fix_id: FixId, code: str, now: datetime, values: Mapping[str, Any] | None = None
) -> None:
    """Approve the Fix and hold its units until they are sold; back to `ranked` when some were lost. The row is
    locked."""
    if not _fails_to_hold(connection, fix_id, now, values):
        fixes.move_fix(connection, fix_id, FixState.APPROVED, now, code=code, values=values, data=values)


def _fails_to_hold(
    connection: Connection, fix_id: FixId, now: datetime, values: Mapping[str, Any] | None = None
) -> bool:
    """Hold the box for good; True where units went to others. Then the rest is released too and a new box is to be
    made."""
    lost = reservations.renew_holds(connection, fix_id, now, None)
    if lost:
        reservations.release_box(connection, fix_id, now)
        data = {"lost": list(lost)}
        fixes.move_fix(connection, fix_id, FixState.RANKED, now, code="units_lost", values=values, data=data)
    return bool(lost)


def end_and_release(
    connection: Connection,
    fix_id: FixId,
    to: FixState,
    code: str,
    now: datetime,
    values: Mapping[str, Any] | None = None,
) -> bool:
    """End a Fix that is not shipped and release its units; False where it had ended. The row is locked."""
    moved = fixes.move_fix(connection, fix_id, to, now, code=code, values=values, data=values)
    if moved:
        reservations.release_box(connection, fix_id, now)
    return moved


def call_off(engine: Engine, fix_id: FixId, now: datetime) -> None:
    """End a Fix that has no workflow any more, at business `now`. Raises NotFound, or BadInput when it has ended."""
    with write_transaction(engine) as connection:
        state = fixes.load_fix(connection, fix_id, lock=True).state
        if not end_and_release(connection, fix_id, FixState.CANCELLED, "cancelled", now):
            raise BadInput(f"this Fix is {state}; nothing is left to call off", "fix_id")
