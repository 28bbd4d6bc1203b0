"""Enrolments: the clients of a campaign's audience, their arm, and what became of each."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, select, update

from domain.holdouts import assign_arm
from domain.planning import QueuedMail
from domain.states import ENROLMENT
from models.base import CampaignSlug, ClientId
from models.campaign import CampaignSpec
from models.states import Arm, CampaignState, EnrolmentState
from store.campaigns.campaigns import CampaignRow, update_campaign
from store.sql.bulk import insert_ignoring
from store.tables import campaigns, clients, enrolments, standings

PREFIX = "campaign:"
PREVIEW_BATCH: Final = 10_000
"""Clients read at a time."""
_MAY_BE_DROPPED: Final = enrolments.c.state.in_(ENROLMENT.list_sources(EnrolmentState.DROPPED))


class EnrolmentBatch(NamedTuple):
    """Clients just enrolled, counted by arm, and those of them who are to be mailed."""

    arms: Counter[Arm]
    mailed: list[ClientId]


def enrol_next(connection: Connection, row: CampaignRow, limit: int, now: datetime) -> EnrolmentBatch:
    """Enrol the next clients of the audience, at most `limit`, and move the cursor."""
    spec = row.spec
    chosen: list[Row[Any]] = []
    cursor, batch = row.cursor, max(limit * 4, 200)
    while len(chosen) < limit:
        page = connection.execute(_audience_query(spec, cursor, batch)).all()
        for client in page:
            cursor = client.client_id
            if set(spec.audience.tags) <= set(client.tags or ()):
                chosen.append(client)
            if len(chosen) == limit:
                break
        if len(page) < batch:
            break
    entries = [_build_entry(spec, client, now) for client in chosen]
    insert_ignoring(connection, enrolments, entries)
    update_campaign(connection, row.slug, now, cursor=cursor, enrolled_all=len(chosen) < limit)
    mailed = [entry["client_id"] for entry in entries if entry["state"] is EnrolmentState.PENDING]
    return EnrolmentBatch(Counter(entry["arm"] for entry in entries), mailed)


def count_audience(connection: Connection, spec: CampaignSpec) -> Counter[Arm]:
    """Count by arm the clients whom the campaign would enrol as they are now, and change nothing."""
    counts: Counter[Arm] = Counter()
    cursor, wanted = "", set(spec.audience.tags)
    while page := connection.execute(_audience_query(spec, cursor, PREVIEW_BATCH)).all():
        cursor = page[-1].client_id
        counts.update(_choose_arm(spec, client) for client in page if wanted <= set(client.tags or ()))
    return counts


def _choose_arm(spec: CampaignSpec, client: Row[Any]) -> Arm:
    """Choose the client's arm. Clients without consent are in neither: they would be the same in both arms and hide the
    lift."""
    return assign_arm(spec.slug, client.client_id, spec.control_share) if client.consent else Arm.NEITHER


def _build_entry(spec: CampaignSpec, client: Row[Any], now: datetime) -> dict[str, Any]:
    side = _choose_arm(spec, client)
    state, code = _FIRST_STATES[side]
    return {
        "campaign": spec.slug,
        "client_id": client.client_id,
        "entry": spec.entry,
        "arm": side,
        "state": state,
        "code": code,
        "enrolled_at": now,
        "at": now,
    }


def save_arm(connection: Connection, slug: CampaignSlug, client_id: ClientId, side: Arm, now: datetime) -> None:
    """Save in which arm of a comparison a client is, the first time only. No mail follows from it."""
    row = {
        "campaign": slug,
        "client_id": client_id,
        "entry": "1",
        "arm": side,
        "enrolled_at": now,
        "at": now,
        "code": "",
    }
    state = EnrolmentState.HELD_OUT if side is Arm.CONTROL else EnrolmentState.DONE
    insert_ignoring(connection, enrolments, [{**row, "state": state}])


_FIRST_STATES: Final = {
    Arm.TREATED: (EnrolmentState.PENDING, ""),
    Arm.CONTROL: (EnrolmentState.HELD_OUT, "held_out"),
    Arm.NEITHER: (EnrolmentState.DROPPED, "no_consent"),
}


def _audience_query(spec: CampaignSpec, cursor: str, limit: int) -> Any:
    wanted = select(clients.c.client_id, clients.c.tags, clients.c.consent).where(clients.c.client_id > cursor)
    if spec.audience.phases:
        wanted = wanted.join(standings, standings.c.client_id == clients.c.client_id).where(
            standings.c.phase.in_(spec.audience.phases)
        )
    return wanted.order_by(clients.c.client_id).limit(limit)


def list_pending(connection: Connection, client_id: ClientId) -> list[QueuedMail]:
    """List the client's enrolments that wait for a free turn, in running campaigns."""
    rows = connection.execute(
        select(enrolments.c.campaign, enrolments.c.entry, campaigns.c.spec)
        .join(campaigns, campaigns.c.slug == enrolments.c.campaign)
        .where(
            enrolments.c.client_id == client_id,
            enrolments.c.state == EnrolmentState.PENDING,
            campaigns.c.state == CampaignState.RUNNING,
        )
    )
    return [
        QueuedMail(priority=row.spec["priority"], key=f"{PREFIX}{row.campaign}:{row.entry}", campaign=row.campaign)
        for row in rows
    ]


def mark_queued(
    connection: Connection, slug: CampaignSlug, client_id: ClientId, key: str, n: int, now: datetime
) -> None:
    """Record that the enrolment became outreach `n`."""
    entry = key.removeprefix(f"{PREFIX}{slug}:")
    connection.execute(
        update(enrolments)
        .where(enrolments.c.campaign == slug, enrolments.c.client_id == client_id, enrolments.c.entry == entry)
        .where(enrolments.c.state.in_(ENROLMENT.list_sources(EnrolmentState.QUEUED)))
        .values(state=EnrolmentState.QUEUED, n=n, at=now)
    )


def drop_client_pending(connection: Connection, client_id: ClientId, code: str, now: datetime) -> None:
    """Drop the client's pending enrolments, with the reason why the client may not be mailed."""
    connection.execute(
        update(enrolments)
        .where(enrolments.c.client_id == client_id, _MAY_BE_DROPPED)
        .values(state=EnrolmentState.DROPPED, code=code, at=now)
    )


def drop_campaign_pending(connection: Connection, slug: CampaignSlug, now: datetime) -> None:
    """Drop the pending enrolments of a campaign that ended."""
    connection.execute(
        update(enrolments)
        .where(enrolments.c.campaign == slug, _MAY_BE_DROPPED)
        .values(state=EnrolmentState.DROPPED, code="campaign_ended", at=now)
    )
