"""Approve, ship, close or end a Fix, so that no unit stays held."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine

from domain import permissions
from domain.permissions import Action
from errors import BadInput
from models.actors import Actor, Subject, SubjectKind
from models.fixes import FixId, FixState
from store.activity import write_activity
from store.database import write_transaction
from store.experiments.exposures import save_box_exposures
from store.fixes import fixes, reservations
from store.fixes.rows import FixRow

CANCELLED: Final = "cancelled"
"""Code of a Fix that somebody cancelled."""


def ship_box(connection: Connection, row: FixRow, now: datetime) -> None:
    """Sell the units of an approved Fix; back to `ranked` when some were lost."""
    if row.state == FixState.APPROVED and not _fails_to_hold(connection, row.fix_id, now):
        reservations.sell_box(connection, row.fix_id, now)
        fixes.move_fix(connection, row.fix_id, FixState.SHIPPED, now, values={"shipped_at": now})
        save_box_exposures(connection, row.client_id, row.fix_id, now)
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
    data: Mapping[str, Any] | None = None,
) -> bool:
    """End a Fix that is not shipped and release its units; False where it had ended. The row is locked. `data`: stored
    with the step, `values` where nothing is said."""
    moved = fixes.move_fix(connection, fix_id, to, now, code=code, values=values, data=data or values)
    if moved:
        reservations.release_box(connection, fix_id, now)
    return moved


def cancel_fix(engine: Engine, actor: Actor, fix_id: FixId, now: datetime, real_now: datetime) -> None:
    """Cancel a Fix that has no workflow any more, at business `now`. Raises NotAllowed, NotFound, or BadInput when it
    has ended."""
    with write_transaction(engine) as connection:
        state = fixes.load_fix(connection, fix_id, lock=True).state
        if not cancel_and_record(connection, actor, fix_id, now, real_now):
            raise BadInput(f"this Fix is {state}; nothing is left to call off", "fix_id")


def cancel_and_record(connection: Connection, actor: Actor, fix_id: FixId, now: datetime, real_now: datetime) -> bool:
    """Cancel the Fix, release its units and put it on record; return False where it had ended. Raises NotAllowed, and
    NotFound."""
    permissions.require(actor, Action.CANCEL_FIX)
    row = fixes.load_fix(connection, fix_id, lock=True)
    if not end_and_release(connection, fix_id, FixState.CANCELLED, CANCELLED, now):
        return False
    subject = Subject(kind=SubjectKind.FIX, id=fix_id, client_id=row.client_id)
    write_activity(connection, actor, Action.CANCEL_FIX, subject, now, real_now)
    return True
