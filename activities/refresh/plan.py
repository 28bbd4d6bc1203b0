"""Fix what a Refresh is to do when it begins, and report at its end."""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Final

from temporalio import activity

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
from services.training import artefacts as keeping
from services.training import refresh_window
from services.training.slot_training import SLOT_TRAININGS
from store.database import write_transaction
from store.learning import artefacts, refreshes, top_picks

MOST_SHARDS: Final = 500
"""The most shards of one Refresh, however many clients there are: each is some events of its history."""
KEEP_UNUSED: Final = timedelta(days=30)
"""Business time after which a challenger that never served, or a list that was not made anew, is deleted."""


class RefreshPlanSteps:
    """The first and the last step of a Refresh."""

    def __init__(self, context: ServiceContext) -> None:
        self._context = context

    @activity.defn
    def begin_refresh(self, step: RefreshStep) -> RefreshPlan:
        """Fix the days and the shards of clients when it first begins, and delete what nobody uses."""
        unserved: list[artefacts.Artefact] = []
        with write_transaction(self._context.engine) as connection:
            _, now = self._context.load_business_time(connection, step.at)
            if (row := refreshes.find_refresh(connection, step.refresh)) is None:
                unserved = artefacts.delete_unserved(connection, now - KEEP_UNUSED)
                top_picks.delete_old_lists(connection, now - KEEP_UNUSED)
                shards = top_picks.split_shards(connection, self._context.settings.refresh_shard, MOST_SHARDS)
                row = refreshes.begin_refresh(
                    connection,
                    refresh_window.build_window(step.refresh, now, self._context.settings.refresh_days),
                    list(SLOT_TRAININGS),
                    shards,
                    now,
                )
        keeping.remove_abandoned_folders(Path(self._context.settings.home))
        for artefact in unserved:
            shutil.rmtree(Path(self._context.settings.home) / artefact.path, ignore_errors=True)
        return RefreshPlan(slots=row.plan["slots"], shards=len(row.plan["shards"]))

    @activity.defn
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
