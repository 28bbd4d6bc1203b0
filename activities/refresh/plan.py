"""Fix what a Refresh is to do when it begins, and report at its end."""

from __future__ import annotations

from activities.declaration import declare_activity
from models.actors import SYSTEM
from models.refreshes import (
    ChallengerVerdict,
    RefreshEnd,
    RefreshPlan,
    RefreshReport,
    RefreshState,
    RefreshStep,
    SlotOutcome,
)
from services.context import ServiceContext
from services.training import refreshes as refreshing
from store.database import write_transaction
from store.learning import refreshes, top_picks


class RefreshPlanSteps:
    """The first and the last step of a Refresh."""

    def __init__(self, context: ServiceContext) -> None:
        self._context = context

    @declare_activity()
    def begin_refresh(self, step: RefreshStep) -> RefreshPlan:
        """Fix the days and the shards of clients when it first begins, and delete what nobody uses."""
        return refreshing.begin_refresh(self._context, step.actor or SYSTEM, step)

    @declare_activity()
    def end_refresh(self, end: RefreshEnd) -> RefreshReport:
        """Count the lists and save the report."""
        with write_transaction(self._context.engine) as connection:
            for slot in end.failed:
                outcome = refreshes.find_outcome(connection, end.refresh, slot) or SlotOutcome(
                    slot=slot, verdict=ChallengerVerdict.FAILED
                )
                failed = outcome.model_copy(update={"verdict": ChallengerVerdict.FAILED})
                refreshes.save_outcome(connection, end.refresh, failed)
            return refreshes.update_report(
                connection,
                end.refresh,
                state=RefreshState.DONE,
                picked=top_picks.count_lists(connection, end.refresh),
                seconds=round(end.seconds, 3),
            )
