"""The parts of a campaign's round: release and enrol a share of the audience, and say when to look again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from domain.campaign_life import LOOK_AGAIN
from models.base import ClientId
from models.campaign import CampaignProgress
from models.clock import Clock
from models.states import CampaignState
from services import metrics
from services.campaigns.enrolment import enrol_next
from store.campaigns import campaigns, parked, places
from store.campaigns.campaigns import CampaignRow
from store.events import outbox

ROUND_S: Final = 5.0
"""Real seconds between rounds while there is something to enrol or drain."""
OVERDUE_AFTER: Final = timedelta(hours=1)
"""Business time after which a step that fell due during a pause is looked at."""
WATCH_S: Final = 30.0
LONGEST_WATCH_S: Final = 3600.0
"""Real seconds between counts while mail is on its way: short at first, then longer and longer."""


def drain_and_enrol(
    connection: Connection, row: CampaignRow, now: datetime, real_now: datetime, look_again: timedelta = LOOK_AGAIN
) -> int:
    """Release parked mails and enrol clients up to this round's share; return how many. Once all are enrolled, those
    who joined the audience since are looked for every `look_again`."""
    share = max(1, round(row.spec.throughput_per_minute * ROUND_S / 60))
    drained = parked.release_parked(connection, row.slug, row.epoch, share)
    overdue = places.release_overdue(connection, row.slug, now - OVERDUE_AFTER, share) if row.version else []
    mailed: list[ClientId] = []
    if row.enrolled_all and now >= _next_look(row, look_again):
        campaigns.update_campaign(connection, row.slug, now, cursor="", enrolled_all=False, looked_at=now)
        row = campaigns.load_campaign(connection, row.slug)
    if not row.enrolled_all:
        arms, mailed = enrol_next(connection, row, share - len(drained), now)
        for arm, count in arms.items():
            metrics.enrolments.labels(arm=arm or "neither").inc(count)
    outbox.push_nudges(connection, "client", [*drained, *mailed, *overdue], real_now)
    return len(drained) + len(mailed)


def _next_look(row: CampaignRow, look_again: timedelta) -> datetime:
    return (row.looked_at or row.created_at) + look_again


def compute_wait(
    row: CampaignRow,
    progress: CampaignProgress,
    clock: Clock,
    now: datetime,
    quiet: int,
    look_again: timedelta = LOOK_AGAIN,
) -> float | None:
    """Compute the real seconds until the next round; None when there is nothing left to do. `quiet`: rounds in a row
    that found nothing."""
    waits = []
    if progress.pending + progress.under_way > 0:
        waits.append(min(WATCH_S * 2.0**quiet, max(LONGEST_WATCH_S, look_again.total_seconds())))
    if row.state is CampaignState.RUNNING:
        waits.append(max(clock.real_wait(_next_look(row, look_again), now).total_seconds(), WATCH_S))
    return min(waits, default=None)
