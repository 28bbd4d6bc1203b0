"""Decide on a proposed box, and look at the deadlines of a Fix."""

from __future__ import annotations

from functools import partial

from activities.declaration import declare_activity
from errors import BadInput
from models.actors import TEMPORAL
from models.fixes import FixDone, FixStep
from services.context import ServiceContext
from services.fixes import stylist_decisions
from services.fixes.fix_steps import run_fix_step
from services.fixes.swap_search import SwapSearch


class FixDecisionSteps:
    """The steps that carry out what is decided on a box."""

    def __init__(self, context: ServiceContext, search: SwapSearch) -> None:
        self._context, self._search = context, search

    @declare_activity()
    def decide_fix(self, step: FixStep) -> FixDone:
        """Swap, approve or reject in one transaction. A decision that breaks a rule changes nothing; `refused` says the
        rule."""
        by = step.decision.by if step.decision else ""
        actor = step.actor or TEMPORAL.model_copy(update={"who": by or TEMPORAL.who})
        act = partial(stylist_decisions.decide_fix, self._context, actor, self._search, step.decision)
        try:
            return run_fix_step(self._context, step, act)
        except BadInput as broken:
            return run_fix_step(self._context, step, lambda *_: None).model_copy(update={"refused": str(broken)})

    @declare_activity("look_fix")
    def check_deadlines(self, step: FixStep) -> FixDone:
        """Approve or expire, by policy, what nobody decided in time; close a Fix whose feedback is in or overdue."""
        return run_fix_step(self._context, step, partial(stylist_decisions.check_deadlines, self._context.settings))
