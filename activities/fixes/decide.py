"""What a stylist decides on a proposed box, and what the shop decides when nobody does."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Connection
from temporalio import activity

from activities.fixes.settle import approve, close_if_answered, let_go
from domain.fixes.swaps import swapped
from errors import BadInput
from models.fixes import FixDecision, FixDone, FixState, FixStep
from services.context import ServiceContext
from services.fixes.fix_steps import feedback_until, held_until, run_fix_step
from store.catalogue import availability
from store.fixes import fixes, reservations
from store.fixes.fixes import FixRow
from store.fixes.rows import items_of, left_out_of, wish_of


class DecideFix:
    """See the module."""

    def __init__(self, context: ServiceContext) -> None:
        self._context = context

    @activity.defn
    def decide_fix(self, step: FixStep) -> FixDone:
        """Swap, approve or reject in one transaction. What breaks a rule is refused whole: `refused` says the rule."""
        try:
            return run_fix_step(self._context, step, lambda *given: self._decide(step.decision, *given))
        except BadInput as broken:
            return run_fix_step(self._context, step, lambda *_: None).model_copy(update={"refused": str(broken)})

    def _decide(self, decision: FixDecision | None, connection: Connection, row: FixRow, now: datetime) -> None:
        if decision is None:
            raise BadInput("missing", "decision")
        if row.state != FixState.PROPOSED:
            if row.state in _LED_TO[decision.verdict] and row.decided_by == decision.by:
                return  # an attempt before this one did it, and its answer was lost
            raise BadInput(f"this Fix is {row.state}; only a proposed one can be decided")
        by = {"decided_by": decision.by}
        if decision.verdict == "reject":
            let_go(connection, row.fix_id, FixState.CANCELLED, "rejected_by_stylist", now, by)
            return
        if decision.swaps:
            self._swap(connection, row, decision, now)
        if decision.verdict == "approve":
            approve(connection, row.fix_id, "approved_by_stylist", now, by)

    def _swap(self, connection: Connection, row: FixRow, decision: FixDecision, now: datetime) -> None:
        """All swaps or none. Raises BadInput with the rule that one breaks."""
        by = {"decided_by": decision.by}
        told = {"out": [swap.out for swap in decision.swaps], "in": [swap.into for swap in decision.swaps], **by}
        if fixes.steps(connection, row.fix_id)[-1].data == told:
            return  # an attempt before this one made them, and its answer was lost
        held = reservations.box(connection, row.fix_id)
        known, reasons = {each.sku: each for each in items_of(row)}, left_out_of(row)
        left_out = {unit.sku: reasons[unit.item_id] for unit in availability.units(connection, reasons)}
        box = swapped(wish_of(row), held, decision.swaps, known, left_out)
        short = reservations.reserve(connection, row.fix_id, box, now, held_until(self._context.settings, now))
        if short:
            raise BadInput(f"no unit of {', '.join(short)} is free", "swaps")
        fixes.move(connection, row.fix_id, FixState.PROPOSED, now, code="swapped", values=by, data=told)

    @activity.defn
    def look_fix(self, step: FixStep) -> FixDone:
        """Where it stands. Nobody decided in time: approved or expired, by policy. The feedback is in, or the time for
        it over: closed."""
        return run_fix_step(self._context, step, self._look)

    def _look(self, connection: Connection, row: FixRow, now: datetime) -> None:
        settings, state = self._context.settings, row.state
        if state == FixState.PROPOSED and row.decide_by is not None and now >= row.decide_by:
            if settings.fix_undecided == "approve":
                approve(connection, row.fix_id, "nobody_decided", now)
            else:
                let_go(connection, row.fix_id, FixState.EXPIRED, "nobody_decided", now)
        elif state == FixState.SHIPPED:
            all_in = close_if_answered(connection, row.fix_id, now)
            if not all_in and now >= feedback_until(settings, row):
                fixes.move(connection, row.fix_id, FixState.CLOSED, now, code="feedback_over")


_LED_TO: Final = {
    "approve": (FixState.APPROVED, FixState.SHIPPED, FixState.CLOSED, FixState.RANKED),
    "reject": (FixState.CANCELLED,),
    "swap": (),
}
"""Where a decision that was carried out leaves a Fix."""
