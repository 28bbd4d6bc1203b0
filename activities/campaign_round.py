"""One round of a campaign: apply orders, enrol or drain a share of the audience, count."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Row
from temporalio import activity

from models.base import ClientId
from models.campaign import CampaignChange, CampaignCommand, CampaignProgress, CampaignRound, CampaignSpec, CampaignStep
from models.states import CampaignState, Overdue
from services import metrics
from services.context import ServiceContext
from store.campaigns import campaigns
from store.database import write_transaction
from store.events import outbox

ROUND_S: Final = 5.0
"""Real seconds between rounds while there is something to enrol or drain."""
WATCH_S: Final = 30.0
LONGEST_WATCH_S: Final = 3600.0
"""Real seconds between counts while mail is on its way: short at first, then longer and longer."""


class Campaigning:
    """See the module."""

    def __init__(self, context: ServiceContext) -> None:
        self._context = context

    @activity.defn
    def campaign_round(self, step: CampaignStep) -> CampaignRound:
        """Rows and nudges in one transaction, so that nobody is enrolled without being told, or twice."""
        with write_transaction(self._context.engine) as connection:
            clock, now = self._context.business_time(connection, step.at)
            _apply(connection, step.slug, step.commands, now, self._context.wall())
            row, ends_at = _until_its_end(connection, step.slug, now, self._context.wall())
            running = row.state == CampaignState.RUNNING
            moved = self._move_on(connection, row, now) if running else 0
            progress = campaigns.progress(connection, step.slug)
            busy = moved > 0 or (running and not row.enrolled_all)
            return CampaignRound(
                progress=progress,
                clock=clock,
                moved=busy,
                wait=ROUND_S if busy else _watch(progress, step.quiet_rounds),
                ends_at=ends_at,
            )

    def _move_on(self, connection: Connection, row: Row[Any], now: datetime) -> int:
        """Drain and enrol this round's share, what was parked first; how many."""
        share = max(1, round(row.spec["throughput_per_minute"] * ROUND_S / 60))
        drained = campaigns.drain(connection, row.slug, row.epoch, share)
        mailed: list[ClientId] = []
        if not row.enrolled_all:
            arms, mailed = campaigns.enrol(connection, row, share - len(drained), now)
            for arm, count in arms.items():
                metrics.enrolments.labels(arm=arm or "neither").inc(count)
        outbox.push(connection, "client", [*drained, *mailed], self._context.wall())
        return len(drained) + len(mailed)


def _until_its_end(
    connection: Connection, slug: str, now: datetime, real_now: datetime
) -> tuple[Row[Any], datetime | None]:
    """The campaign's row, ended when its time has come; and when that will be, None when it will not."""
    row = campaigns.get(connection, slug)
    ends_at = CampaignSpec.model_validate(row.spec).ends_at
    if row.state == CampaignState.ENDED:
        return row, None
    if ends_at is None or now < ends_at:
        return row, ends_at
    _end(connection, row, now, real_now)
    return campaigns.get(connection, slug), None


def _watch(progress: CampaignProgress, quiet_rounds: int) -> float | None:
    """Real seconds until the next count; None when there is nothing left to count."""
    if progress.pending + progress.under_way == 0:
        return None
    return min(WATCH_S * 2.0**quiet_rounds, LONGEST_WATCH_S)


def _apply(
    connection: Connection, slug: str, commands: Sequence[CampaignCommand], now: datetime, real_now: datetime
) -> None:
    for command in commands:
        row = campaigns.get(connection, slug)
        if row.state == CampaignState.ENDED:
            continue
        match command.kind:
            case "pause":
                campaigns.change(connection, slug, now, state=CampaignState.PAUSED, reason=command.reason)
            case "resume" if row.state == CampaignState.PAUSED:
                running = {"state": CampaignState.RUNNING, "epoch": row.epoch + 1, "reason": ""}
                campaigns.change(connection, slug, now, overdue=command.overdue, **running)
                campaigns.mark_overdue(connection, slug, command.overdue)
            case "adjust":
                change = CampaignChange.model_validate(command.change).model_dump(mode="json", exclude_none=True)
                campaigns.change(connection, slug, now, spec={**row.spec, **change})
            case "end":
                _end(connection, row, now, real_now)


def _end(connection: Connection, row: Row[Any], now: datetime, real_now: datetime) -> None:
    """Mail on its way still goes, but not what a pause holds back: an end must not let it loose."""
    campaigns.drop_pending(connection, row.slug, now)
    if row.state == CampaignState.PAUSED:
        campaigns.change(connection, row.slug, now, state=CampaignState.ENDED, overdue=Overdue.EXPIRE)
        campaigns.mark_overdue(connection, row.slug, Overdue.EXPIRE)
        outbox.push(connection, "client", campaigns.parked_clients(connection, row.slug), real_now)
    else:
        campaigns.change(connection, row.slug, now, state=CampaignState.ENDED, overdue=Overdue.REPLAN)
