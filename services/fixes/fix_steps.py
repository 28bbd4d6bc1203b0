"""What the steps of one Fix share: the transaction, the result, and the deadlines."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy import Connection

from domain.fixes.states import HOLDING
from models.clock import Clock
from models.fixes import FixDone, FixState, FixStep
from services.context import ServiceContext
from settings import Settings
from store.database import write_transaction
from store.fixes import fixes, reservations
from store.fixes.rows import FixRow

Act = Callable[[Connection, FixRow, datetime], str | None]
"""Changes a Fix at business now; returns a sentence where that was refused."""


def compute_decision_deadline(settings: Settings, now: datetime) -> datetime:
    """Compute until when a stylist may decide on a box proposed at business `now`."""
    return now + timedelta(hours=settings.fix_decide_hours)


def compute_hold_end(settings: Settings, now: datetime) -> datetime:
    """Compute until when the units of a box proposed at business `now` are held: twice as long as the stylist has, so
    that a worker that is late still finds them."""
    return now + 2 * timedelta(hours=settings.fix_decide_hours)


def compute_feedback_deadline(settings: Settings, row: FixRow) -> datetime:
    """Compute until when a shipped box waits for the client's feedback."""
    shipped: datetime = row.shipped_at or row.updated_at
    return shipped + timedelta(days=settings.fix_feedback_days)


def build_step_result(settings: Settings, connection: Connection, row: FixRow, clock: Clock, now: datetime) -> FixDone:
    """Build the result of a step: the state of the Fix at business `now`."""
    state = FixState(row.state)
    reserved = (
        reservations.load_box(connection, row.fix_id) if state in HOLDING | {FixState.SHIPPED, FixState.CLOSED} else ()
    )
    box = tuple(item.sku for item in reserved) or (tuple(row.box or ()) if state is FixState.ASSEMBLED else ())
    return FixDone(state=state, clock=clock, next_at=_find_next_time(settings, row, now), code=row.code, box=box)


def _find_next_time(settings: Settings, row: FixRow, now: datetime) -> datetime | None:
    match FixState(row.state):
        case FixState.REQUESTED | FixState.RANKED if may_wait_for_wave(row, now):
            due: datetime | None = row.due_at
            return due
        case FixState.PROPOSED:
            by: datetime | None = row.decide_by
            return by
        case FixState.SHIPPED:
            return compute_feedback_deadline(settings, row)
    return None


def may_wait_for_wave(row: FixRow, now: datetime) -> bool:
    """Return whether a wave may still assemble the Fix. A box that lost its units is assembled anew alone."""
    return bool(row.wave) and row.assembled == 0 and row.due_at is not None and now < row.due_at


def run_fix_step(context: ServiceContext, step: FixStep, act: Act) -> FixDone:
    """Lock the Fix, let `act` change it and return the result, in one transaction. Raises NotFound."""
    with write_transaction(context.engine) as connection:
        clock, now = context.load_business_time(connection, step.at)
        refusal = act(connection, fixes.load_fix(connection, step.fix_id, lock=True), now)
        done = build_step_result(context.settings, connection, fixes.load_fix(connection, step.fix_id), clock, now)
        return done.model_copy(update={"refused": refusal}) if refusal else done
