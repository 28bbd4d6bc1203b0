"""The parts of a campaign's round: apply orders, release and enrol a share of the audience, end it in time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from models.base import ClientId
from models.campaign import CampaignChange, CampaignCommand, CampaignProgress
from models.states import CampaignState, Overdue
from services import metrics
from store.campaigns import campaigns, enrolments, parked
from store.campaigns.campaigns import CampaignRow
from store.events import outbox

ROUND_S: Final = 5.0
"""Real seconds between rounds while there is something to enrol or drain."""
WATCH_S: Final = 30.0
LONGEST_WATCH_S: Final = 3600.0
"""Real seconds between counts while mail is on its way: short at first, then longer and longer."""


def drain_and_enrol(connection: Connection, row: CampaignRow, now: datetime, real_now: datetime) -> int:
    """Release parked mails and enrol clients up to this round's share; return how many."""
    share = max(1, round(row.spec.throughput_per_minute * ROUND_S / 60))
    drained = parked.release_parked(connection, row.slug, row.epoch, share)
    mailed: list[ClientId] = []
    if not row.enrolled_all:
        arms, mailed = enrolments.enrol_next(connection, row, share - len(drained), now)
        for arm, count in arms.items():
            metrics.enrolments.labels(arm=arm or "neither").inc(count)
    outbox.push_nudges(connection, "client", [*drained, *mailed], real_now)
    return len(drained) + len(mailed)


def load_and_end(
    connection: Connection, slug: str, now: datetime, real_now: datetime
) -> tuple[CampaignRow, datetime | None]:
    """Load the campaign's row, ended when its time has come, and its end, None when there is none."""
    row = campaigns.load_campaign(connection, slug)
    ends_at = row.spec.ends_at
    if row.state == CampaignState.ENDED:
        return row, None
    if ends_at is None or now < ends_at:
        return row, ends_at
    _end(connection, row, now, real_now)
    return campaigns.load_campaign(connection, slug), None


def compute_wait(progress: CampaignProgress, quiet_rounds: int) -> float | None:
    """Compute the real seconds until the next count; None when there is nothing left to count."""
    if progress.pending + progress.under_way == 0:
        return None
    return min(WATCH_S * 2.0**quiet_rounds, LONGEST_WATCH_S)


def apply_commands(
    connection: Connection, slug: str, commands: Sequence[CampaignCommand], now: datetime, real_now: datetime
) -> None:
    """Apply what signals and updates asked for, in their order."""
    for command in commands:
        row = campaigns.load_campaign(connection, slug)
        if row.state == CampaignState.ENDED:
            continue
        match command.kind:
            case "pause":
                campaigns.move_campaign(connection, slug, CampaignState.PAUSED, now, reason=command.reason)
            case "resume" if row.state == CampaignState.PAUSED:
                values = {"epoch": row.epoch + 1, "reason": "", "overdue": command.overdue}
                campaigns.move_campaign(connection, slug, CampaignState.RUNNING, now, **values)
                parked.mark_overdue(connection, slug, command.overdue)
            case "adjust":
                change = CampaignChange.model_validate(command.change).model_dump(mode="json", exclude_none=True)
                campaigns.update_campaign(connection, slug, now, spec=row.spec.model_dump(mode="json") | change)
            case "end":
                _end(connection, row, now, real_now)


def _end(connection: Connection, row: CampaignRow, now: datetime, real_now: datetime) -> None:
    """End the campaign. Mail on its way still goes, but not what a pause holds back: the end must not release it."""
    enrolments.drop_campaign_pending(connection, row.slug, now)
    if row.state == CampaignState.PAUSED:
        campaigns.move_campaign(connection, row.slug, CampaignState.ENDED, now, overdue=Overdue.EXPIRE)
        parked.mark_overdue(connection, row.slug, Overdue.EXPIRE)
        outbox.push_nudges(connection, "client", parked.list_parked_clients(connection, row.slug), real_now)
    else:
        campaigns.move_campaign(connection, row.slug, CampaignState.ENDED, now, overdue=Overdue.REPLAN)
