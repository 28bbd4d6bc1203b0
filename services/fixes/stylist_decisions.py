"""Carry out what a stylist decides on a proposed box, and what the shop decides when nobody does."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from domain import permissions
from domain.fixes.swaps import apply_swaps
from domain.permissions import Action
from errors import BadInput
from models.actors import Actor, Subject, SubjectKind
from models.fixes import FixDecision, FixState
from services.context import ServiceContext
from services.fixes.fix_steps import compute_feedback_deadline, compute_hold_end
from services.fixes.settlement import approve_fix, close_if_answered, end_and_release
from services.fixes.swap_search import SwapSearch
from settings import Settings
from store.activity import write_activity
from store.catalogue import availability
from store.fixes import fixes, reservations
from store.fixes.rows import FixRow, add_candidates, parse_candidates, parse_left_out, parse_wish

_STATES_AFTER: Final = {
    "approve": (FixState.APPROVED, FixState.SHIPPED, FixState.CLOSED, FixState.RANKED),
    "reject": (FixState.CANCELLED,),
    "swap": (),
}
"""The states in which a decision that was carried out leaves a Fix."""


def decide_fix(
    context: ServiceContext,
    actor: Actor,
    search: SwapSearch,
    decision: FixDecision | None,
    connection: Connection,
    row: FixRow,
    now: datetime,
) -> None:
    """Carry out what the stylist decided, and put it on record. Raises NotAllowed, and BadInput with the rule that the
    decision breaks."""
    permissions.require(actor, Action.DECIDE_FIX)
    if decision is None:
        raise BadInput("missing", "decision")
    if _carry_out(context.settings, search, decision, connection, row, now):
        subject = Subject(kind=SubjectKind.FIX, id=row.fix_id, client_id=row.client_id)
        data: dict[str, Any] = {"verdict": decision.verdict, "swaps": len(decision.swaps)}
        data |= {"because": decision.because} if decision.because else {}
        write_activity(connection, actor, Action.DECIDE_FIX, subject, now, context.wall(), data)


def _carry_out(
    settings: Settings, search: SwapSearch, decision: FixDecision, connection: Connection, row: FixRow, now: datetime
) -> bool:
    """Carry out a decision, and return whether it changed anything. Raises BadInput with the rule that it breaks."""
    if row.state != FixState.PROPOSED:
        if row.state in _STATES_AFTER[decision.verdict] and row.decided_by == decision.by:
            return False  # an attempt before this one did it, and its answer was lost
        raise BadInput(f"this Fix is {row.state}; only a proposed one can be decided")
    by = {"decided_by": decision.by}
    if decision.verdict == "reject":
        why = {"because": decision.because} if decision.because else {}
        end_and_release(connection, row.fix_id, FixState.CANCELLED, "rejected_by_stylist", now, by, by | why)
        return True
    swapped = bool(decision.swaps) and _swap(settings, search, connection, row, decision, now)
    if decision.verdict == "approve":
        approve_fix(connection, row.fix_id, "approved_by_stylist", now, by)
        return True
    return swapped


def _swap(
    settings: Settings, search: SwapSearch, connection: Connection, row: FixRow, decision: FixDecision, now: datetime
) -> bool:
    """Make all swaps or none, and return whether they were not made before. What is none of the Fix's candidates is
    looked for in the catalogue. Raises BadInput with the rule that one breaks."""
    by = {"decided_by": decision.by}
    into = [swap.into for swap in decision.swaps if swap.into]
    data = {"out": [swap.out for swap in decision.swaps if swap.out], "in": into, **by}
    if fixes.list_steps(connection, row.fix_id)[-1].data == data:
        return False  # an attempt before this one made them, and its answer was lost
    reserved = reservations.load_box(connection, row.fix_id)
    candidates, reasons = {item.sku: item for item in parse_candidates(row)}, parse_left_out(row)
    unknown = set(into) - candidates.keys()
    found = search.load_candidates(connection, row, unknown, now) if unknown else {}
    candidates |= found
    left_out = {unit.sku: reasons[unit.item_id] for unit in availability.list_units(connection, reasons)}
    box = apply_swaps(parse_wish(row), reserved, decision.swaps, candidates, left_out)
    short = reservations.reserve_box(connection, row.fix_id, box, now, compute_hold_end(settings, now))
    if short:
        raise BadInput(f"no unit of {', '.join(short)} is free", "swaps")
    values = by | ({"candidates": add_candidates(row, found.values())} if found else {})
    fixes.move_fix(connection, row.fix_id, FixState.PROPOSED, now, code="swapped", values=values, data=data)
    return True


def check_deadlines(settings: Settings, connection: Connection, row: FixRow, now: datetime) -> None:
    """Settle what nobody decided in time, by policy, and close a box whose feedback is in or overdue."""
    state = row.state
    if state == FixState.PROPOSED and row.decide_by is not None and now >= row.decide_by:
        if settings.fix_undecided == "approve":
            approve_fix(connection, row.fix_id, "nobody_decided", now)
        else:
            end_and_release(connection, row.fix_id, FixState.EXPIRED, "nobody_decided", now)
    elif state == FixState.SHIPPED:
        all_in = close_if_answered(connection, row.fix_id, now)
        if not all_in and now >= compute_feedback_deadline(settings, row):
            fixes.move_fix(connection, row.fix_id, FixState.CLOSED, now, code="feedback_over")
