"""Campaigns and their enrolments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, func, select, update

from domain.holdouts import RE_ENGAGEMENT, assign_arm
from domain.outreach import SETTLED
from domain.planning import QueuedMail
from errors import BadInput, NotFound
from models.base import CampaignSlug, ClientId
from models.campaign import CampaignProgress, CampaignSpec
from models.states import Arm, CampaignState, EnrolmentState, OutreachState, Overdue
from store.sql.upserts import insert_ignoring
from store.tables import campaigns, clients, enrolments, outreaches, standings

PREFIX = "campaign:"
PREVIEW_BATCH: Final = 10_000
"""Clients read at a time."""


def create_campaign(connection: Connection, spec: CampaignSpec, now: datetime) -> bool:
    """Save a new campaign, and return whether it is new. Raises BadInput when another campaign has the slug."""
    if spec.slug.startswith(RE_ENGAGEMENT):
        raise BadInput(f"{RE_ENGAGEMENT} is the shop's own mail to clients who drift; choose another slug", "slug")
    values = {"spec": spec.model_dump(mode="json"), "updated_at": now}
    row = {"slug": spec.slug, "state": CampaignState.RUNNING, "created_at": now, **values}
    row |= {"reason": "", "epoch": 1, "overdue": Overdue.REPLAN, "cursor": "", "enrolled_all": False, "erased": {}}
    new = bool(insert_ignoring(connection, campaigns, [row]))
    if not new:
        stored = load_campaign(connection, spec.slug)
        if CampaignSpec.model_validate(stored.spec) != spec:
            raise BadInput(f"{spec.slug} exists with other terms; adjust it or choose another slug", "slug")
    return new


def load_campaign(connection: Connection, slug: CampaignSlug) -> Row[Any]:
    """Load a campaign's row. Raises NotFound."""
    row = connection.execute(select(campaigns).where(campaigns.c.slug == slug)).one_or_none()
    if row is None:
        raise NotFound(f"no campaign {slug}", "slug")
    return row


def list_campaigns(connection: Connection) -> list[Row[Any]]:
    """List all campaigns, newest first."""
    return list(connection.execute(select(campaigns).order_by(campaigns.c.created_at.desc())))


def load_states(connection: Connection, slugs: Iterable[str]) -> dict[str, tuple[CampaignState, int]]:
    """Load the state and epoch of each of these campaigns."""
    wanted = list(slugs)
    if not wanted:
        return {}
    rows = connection.execute(
        select(campaigns.c.slug, campaigns.c.state, campaigns.c.epoch).where(campaigns.c.slug.in_(wanted))
    )
    return {row.slug: (CampaignState(row.state), row.epoch) for row in rows}


class CampaignGate(NamedTuple):
    """What a campaign's state means for its mail at the send gate."""

    paused: bool = False
    epoch: int = 0
    called_off: bool = False
    """It was ended while paused: what it held back is not wanted any more."""


def load_gate(connection: Connection, slug: CampaignSlug) -> CampaignGate:
    """Load what the campaign's state means for its mail. The row is locked on PostgreSQL until the transaction ends, so
    that parking a mail holds only while the state does."""
    row = connection.execute(
        select(campaigns.c.state, campaigns.c.epoch, campaigns.c.overdue)
        .where(campaigns.c.slug == slug)
        .with_for_update(read=True)
    ).one_or_none()
    if row is None:
        return CampaignGate()
    ended = row.state == CampaignState.ENDED
    return CampaignGate(row.state == CampaignState.PAUSED, row.epoch, ended and row.overdue == Overdue.EXPIRE)


def update_campaign(connection: Connection, slug: CampaignSlug, now: datetime, **values: Any) -> None:
    """Change a campaign's row."""
    connection.execute(update(campaigns).where(campaigns.c.slug == slug).values(updated_at=now, **values))


class EnrolmentBatch(NamedTuple):
    """Clients just enrolled, counted by arm, and those of them who are to be mailed."""

    arms: Counter[Arm]
    mailed: list[ClientId]


def enrol_next(connection: Connection, row: Row[Any], limit: int, now: datetime) -> EnrolmentBatch:
    """Enrol the next clients of the audience, at most `limit`, and move the cursor."""
    spec = CampaignSpec.model_validate(row.spec)
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


def release_parked(connection: Connection, slug: CampaignSlug, epoch: int, limit: int) -> list[ClientId]:
    """Let up to `limit` parked mails of an older epoch queue again, and return their clients."""
    rows = connection.execute(
        select(outreaches.c.client_id, outreaches.c.n)
        .where(
            outreaches.c.campaign == slug,
            outreaches.c.state == OutreachState.PARKED,
            outreaches.c.epoch < epoch,
        )
        .order_by(outreaches.c.client_id)
        .limit(limit)
    ).all()
    for row in rows:
        connection.execute(
            update(outreaches)
            .where(
                outreaches.c.client_id == row.client_id,
                outreaches.c.n == row.n,
                outreaches.c.state == OutreachState.PARKED,
            )
            .values(epoch=epoch)
        )
    return [row.client_id for row in rows]


def mark_overdue(connection: Connection, slug: CampaignSlug, overdue: Overdue) -> None:
    """Set what becomes of the campaign's parked mail."""
    connection.execute(
        update(outreaches)
        .where(outreaches.c.campaign == slug, outreaches.c.state == OutreachState.PARKED)
        .values(overdue=overdue)
    )


def list_parked_clients(connection: Connection, slug: CampaignSlug) -> list[ClientId]:
    """List the clients with parked mail of the campaign."""
    parked = select(outreaches.c.client_id).where(
        outreaches.c.campaign == slug, outreaches.c.state == OutreachState.PARKED
    )
    return list(connection.scalars(parked.distinct()))


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
        .values(state=EnrolmentState.QUEUED, n=n, at=now)
    )


def drop_client_pending(connection: Connection, client_id: ClientId, code: str, now: datetime) -> None:
    """Drop the client's pending enrolments, with the reason why the client may not be mailed."""
    connection.execute(
        update(enrolments)
        .where(enrolments.c.client_id == client_id, enrolments.c.state == EnrolmentState.PENDING)
        .values(state=EnrolmentState.DROPPED, code=code, at=now)
    )


def drop_campaign_pending(connection: Connection, slug: CampaignSlug, now: datetime) -> None:
    """Drop the pending enrolments of a campaign that ended."""
    connection.execute(
        update(enrolments)
        .where(enrolments.c.campaign == slug, enrolments.c.state == EnrolmentState.PENDING)
        .values(state=EnrolmentState.DROPPED, code="campaign_ended", at=now)
    )


def count_progress(connection: Connection, slug: CampaignSlug) -> CampaignProgress:
    """Count where the campaign's clients and mails stand. Raises NotFound."""
    row = load_campaign(connection, slug)
    erased = row.erased or {}
    by_enrolment = _count_states(
        connection, enrolments.c.state, enrolments.c.campaign == slug, erased.get("enrolments", {})
    )
    by_mail = _count_states(connection, outreaches.c.state, outreaches.c.campaign == slug, erased.get("mails", {}))
    return CampaignProgress(
        slug=slug,
        state=CampaignState(row.state),
        epoch=row.epoch,
        enrolled=sum(by_enrolment.values()),
        pending=by_enrolment.get(EnrolmentState.PENDING, 0),
        under_way=sum(count for state, count in by_mail.items() if state not in SETTLED),
        sent=by_mail.get(OutreachState.SENT, 0),
        parked=by_mail.get(OutreachState.PARKED, 0),
        stopped=sum(by_mail.get(s, 0) for s in SETTLED if s is not OutreachState.SENT),
        dropped=by_enrolment.get(EnrolmentState.DROPPED, 0),
        held_out=by_enrolment.get(EnrolmentState.HELD_OUT, 0),
    )


def _count_states(connection: Connection, column: Any, where: Any, erased: Mapping[str, int]) -> Mapping[str, int]:
    """Count rows by state, including those of clients who were erased."""
    rows = connection.execute(select(column, func.count()).where(where).group_by(column))
    return Counter(erased) + Counter({row[0]: row[1] for row in rows})
