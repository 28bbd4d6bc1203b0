"""What a Refresh is to do, fixed when it begins; and its end."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from temporalio import activity

from models.refreshes import (
    RefreshEnd,
    RefreshPlan,
    RefreshReport,
    RefreshState,
    RefreshStep,
    SlotOutcome,
    Verdict,
)
from services.context import ServiceContext
from services.training import artefacts as keeping
from services.training.slot_training import SCIENCES
from store.database import write_transaction
from store.learning import artefacts, refreshes, top_picks

MOST_SHARDS: Final = 500
"""Of one Refresh, however many clients there are: each is some events of its history."""
KEPT: Final = timedelta(days=30)
"""Business time for which a challenger that never served is kept, and a list that nobody made anew."""


class PlanRefresh:
    """See the module."""

    def __init__(self, context: ServiceContext) -> None:
        self._context = context

    @activity.defn
    def begin_refresh(self, step: RefreshStep) -> RefreshPlan:
        """The days looked at, and the shards of clients; fixed when it first begins. What nobody uses is forgotten."""
        gone: list[artefacts.Artefact] = []
        with write_transaction(self._context.engine) as connection:
            _, now = self._context.business_time(connection, step.at)
            if (row := refreshes.found(connection, step.refresh)) is None:
                gone = artefacts.forget_unserved(connection, now - KEPT)
                top_picks.forget(connection, now - KEPT)
                shards = top_picks.shards(connection, self._context.settings.refresh_shard, MOST_SHARDS)
                row = refreshes.begin(connection, self._window(step.refresh, now), list(SCIENCES), shards, now)
        keeping.sweep(Path(self._context.settings.home))
        for each in gone:
            shutil.rmtree(Path(self._context.settings.home) / each.path, ignore_errors=True)
        return RefreshPlan(slots=row.plan["slots"], shards=len(row.plan["shards"]))

    def _window(self, refresh: str, now: datetime) -> RefreshReport:
        days = timedelta(days=self._context.settings.refresh_days)
        cut = midnight(now) - days
        return RefreshReport(refresh=refresh, since=cut - days, cut=cut, until=now)

    @activity.defn
    def end_refresh(self, end: RefreshEnd) -> RefreshReport:
        """Count the lists, keep the report."""
        with write_transaction(self._context.engine) as connection:
            for slot in end.failed:
                known = refreshes.outcome(connection, end.refresh, slot) or SlotOutcome(
                    slot=slot, verdict=Verdict.FAILED
                )
                kept = known.model_copy(update={"verdict": Verdict.FAILED})
                refreshes.keep_outcome(connection, end.refresh, kept)
            return refreshes.note(
                connection,
                end.refresh,
                state=RefreshState.DONE,
                picked=top_picks.count(connection, end.refresh),
                seconds=round(end.seconds, 3),
            )


def midnight(now: datetime) -> datetime:
    """When its day began, in UTC."""
    return datetime.combine(now.astimezone(UTC).date(), datetime.min.time(), UTC)
