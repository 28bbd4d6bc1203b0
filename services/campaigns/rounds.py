"""The parts of a campaign's round: release and enrol a share of the audience, end it in time."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from models.base import ClientId
from models.campaign import CampaignProgress
from models.states import CampaignState
from services import metrics
from services.campaigns.enrolment import enrol_next
from services.campaigns.steering import end_campaign
from store.campaigns import campaigns, parked
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
        arms, mailed = enrol_next(connection, row, share - len(drained), now)
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
    end_campaign(connection, row, now, real_now)
    return campaigns.load_campaign(connection, slug), None


def compute_wait(progress: CampaignProgress, quiet_rounds: int) -> float | None:
    """Compute the real seconds until the next count; None when there is nothing left to count."""
    if progress.pending + progress.under_way == 0:
        return None
    return min(WATCH_S * 2.0**quiet_rounds, LONGEST_WATCH_S)
