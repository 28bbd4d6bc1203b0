"""The parts of a campaign's round: release and enrol a share of the audience, and say when to look again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import Connection

from domain.broadcasts import count_lanes, may_broadcast
from domain.campaign_life import LOOK_AGAIN
from models.base import ClientId
from models.campaign import CampaignProgress
from models.clock import Clock
from models.states import CampaignState
from services import metrics
from services.campaigns import sequences
from services.campaigns.enrolment import enrol_next
from services.context import ServiceContext
from store.campaigns import broadcasts, campaigns, parked, places, versions
from store.campaigns.campaigns import CampaignRow
from store.events import outbox

ROUND_S: Final = 5.0
"""Real seconds between rounds while there is something to enrol or drain."""
OVERDUE_AFTER: Final = timedelta(hours=1)
"""Business time after which a step that fell due during a pause is looked at."""
SEQUENCE_LOOK: Final = timedelta(days=1)
"""Business time between two looks at the guardrails of a sequence of the lifecycle."""
WATCH_S: Final = 30.0
LONGEST_WATCH_S: Final = 3600.0
"""Real seconds between counts while mail is on its way: short at first, then longer and longer."""


class Moved(NamedTuple):
    """What a round did. `moved`: clients released or enrolled; `lanes`: parts of a broadcast that may be under way;
    `next_lease`: real time, when a mail that a part left is to be released; `next_entry`: when somebody who waits for a
    part enters."""

    moved: int
    lanes: int = 0
    next_lease: datetime | None = None
    next_entry: datetime | None = None


def drain_and_enrol(
    context: ServiceContext, connection: Connection, row: CampaignRow, now: datetime, real_now: datetime
) -> Moved:
    """Release parked mails and enrol clients up to this round's share. Once all are enrolled, those who joined the
    audience since are looked for every `look_again`. Many clients at once wait for a part; fewer are nudged."""
    share = max(1, round(row.spec.throughput_per_minute * ROUND_S / 60))
    if row.sequence is not None:
        return _look_at_phase(context, connection, row, share, now)
    drained = parked.release_parked(connection, row.slug, row.epoch, share)
    overdue = places.release_overdue(connection, row.slug, now - OVERDUE_AFTER, share) if row.version else []
    backlog = broadcasts.count_waiting(connection, row.slug, now)
    mailed: list[ClientId] = []
    if row.enrolled_all and now >= _next_look(row, context.look_again):
        campaigns.update_campaign(connection, row.slug, now, cursor="", enrolled_all=False, looked_at=now)
        row = campaigns.load_campaign(connection, row.slug)
    room = share - len(drained) - backlog
    if not row.enrolled_all and (room > 0 or not backlog):
        arms, mailed = enrol_next(connection, row, room, now)
        for arm, count in arms.items():
            metrics.enrolments.labels(arm=arm or "neither").inc(count)
    nudged = [*drained, *mailed, *overdue]
    if len(mailed) + backlog >= context.broadcast_from and goes_in_parts(context, connection, row):
        broadcasts.hand_over(connection, row.slug, mailed)
        nudged, backlog = [*drained, *overdue], backlog + len(mailed)
    outbox.push_nudges(connection, "client", nudged, context.wall())
    left = broadcasts.count_left(connection, row.slug, real_now)
    lanes = count_lanes(backlog + left, broadcasts.count_broadcasts(connection, now))
    next_entry = broadcasts.find_next_entry(connection, row.slug, now)
    return Moved(len(drained) + len(mailed), lanes, broadcasts.find_next_lease(connection, row.slug), next_entry)


def _look_at_phase(
    context: ServiceContext, connection: Connection, row: CampaignRow, share: int, now: datetime
) -> Moved:
    """Release the parked mails of a sequence of the lifecycle, then have those in its phase planned anew."""
    drained = parked.release_parked(connection, row.slug, row.epoch, share)
    looked = sequences.look_at_phase(connection, row, share - len(drained), now) if len(drained) < share else []
    outbox.push_nudges(connection, "client", [*drained, *looked], context.wall())
    return Moved(len(drained) + len(looked))


def release_left(context: ServiceContext, connection: Connection, row: CampaignRow, real_now: datetime) -> Moved:
    """Release mails that parts of a campaign left which sends none any more: their clients' workflows go on."""
    left = broadcasts.release_left(connection, row.slug, real_now)
    outbox.push_nudges(connection, "client", left, context.wall())
    return Moved(0, next_lease=broadcasts.find_next_lease(connection, row.slug))


def goes_in_parts(context: ServiceContext, connection: Connection, row: CampaignRow) -> bool:
    """Return whether a campaign's mails may be written and sent in parts."""
    definition = None
    if row.version is not None:
        definition = versions.load_version(connection, row.slug, row.version).definition
    return may_broadcast(row.spec, definition, context.settings.composer)


def _next_look(row: CampaignRow, look_again: timedelta) -> datetime:
    return (row.looked_at or row.created_at) + look_again


def compute_wait(
    row: CampaignRow,
    progress: CampaignProgress,
    clock: Clock,
    now: datetime,
    quiet: int,
    look_again: timedelta = LOOK_AGAIN,
    look_in: timedelta | None = None,
) -> float | None:
    """Compute the real seconds until the next round; None when there is nothing left to do. `quiet`: rounds in a row
    that found nothing; `look_in`: real time until parts have work again."""
    waits = []
    if row.sequence is not None and row.state is CampaignState.RUNNING:  # it runs for years, and enrols nobody
        return max(clock.real_wait(now + SEQUENCE_LOOK, now).total_seconds(), WATCH_S)
    if look_in is not None:
        waits.append(max(look_in.total_seconds(), 1.0))
    if progress.pending + progress.under_way > 0 or row.state is CampaignState.FINISHING:
        waits.append(min(WATCH_S * 2.0**quiet, max(LONGEST_WATCH_S, look_again.total_seconds())))
    if row.state is CampaignState.RUNNING:
        waits.append(max(clock.real_wait(_next_look(row, look_again), now).total_seconds(), WATCH_S))
    return min(waits, default=None)
