"""What the steps of one Fix share: reading where it stands, saying so, and how long each wait is."""

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
from store.fixes.fixes import FixRow

Act = Callable[[Connection, FixRow, datetime], str | None]
"""Does something about a Fix at business now; a sentence where it was refused."""


def decide_by(settings: Settings, now: datetime) -> datetime:
    """Until when a stylist may decide on a box proposed at business `now`."""
    return now + timedelta(hours=settings.fix_decide_hours)


def held_until(settings: Settings, now: datetime) -> datetime:
    """How long the units of a box proposed at business `now` are held: as long again as the stylist has, so that a
    worker that is late finds them still there."""
    return now + 2 * timedelta(hours=settings.fix_decide_hours)


def feedback_until(settings: Settings, row: FixRow) -> datetime:
    """Until when the client's feedback on a shipped box is waited for."""
    shipped: datetime = row.shipped_at or row.updated_at
    return shipped + timedelta(days=settings.fix_feedback_days)


def told(settings: Settings, connection: Connection, row: FixRow, clock: Clock, now: datetime) -> FixDone:
    """Where the Fix stands at business `now`."""
    state = FixState(row.state)
    held = reservations.box(connection, row.fix_id) if state in HOLDING | {FixState.SHIPPED, FixState.CLOSED} else ()
    box = tuple(each.sku for each in held) or (tuple(row.box or ()) if state is FixState.ASSEMBLED else ())
    return FixDone(state=state, clock=clock, next_at=_find_next_time(settings, row, now), code=row.code, box=box)


def _find_next_time(settings: Settings, row: FixRow, now: datetime) -> datetime | None:
    match FixState(row.state):
        case FixState.REQUESTED | FixState.RANKED if waits_for_wave(row, now):
            due: datetime | None = row.due_at
            return due
        case FixState.PROPOSED:
            by: datetime | None = row.decide_by
            return by
        case FixState.SHIPPED:
            return feedback_until(settings, row)
    return None


def waits_for_wave(row: FixRow, now: datetime) -> bool:
    """Whether a wave may still come for it. A box that lost its units is made anew alone."""
    return bool(row.wave) and row.assembled == 0 and row.due_at is not None and now < row.due_at


def run_fix_step(context: ServiceContext, step: FixStep, act: Act) -> FixDone:
    """One transaction: lock the Fix, let `act` do something about it, say where it then stands. Raises NotFound."""
    with write_transaction(context.engine) as connection:
        clock, now = context.business_time(connection, step.at)
        refused = act(connection, fixes.get(connection, step.fix_id, lock=True), now)
        done = told(context.settings, connection, fixes.get(connection, step.fix_id), clock, now)
        return done.model_copy(update={"refused": refused}) if refused else done
