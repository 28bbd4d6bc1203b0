"""Campaigns and who is enrolled in them: rows, never guesses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Row, func, select, update

from domain.holdouts import RE_ENGAGEMENT, arm
from domain.outreach import SETTLED
from domain.planning import Waiting
from errors import BadInput, NotFound
from models.base import CampaignSlug, ClientId
from models.campaign import CampaignProgress, CampaignSpec
from models.states import Arm, CampaignState, EnrolmentState, OutreachState, Overdue
from store.sql.upserts import insert_ignoring
from store.tables import campaigns, clients, enrolments, outreaches, standings

PREFIX = "campaign:"
PREVIEWED: Final = 10_000
"""Clients read at a time."""


def create(connection: Connection, spec: CampaignSpec, now: datetime) -> None:
    """Keep a new campaign. Raises BadInput when the slug is taken by another."""
    if spec.slug.startswith(RE_ENGAGEMENT):
        raise BadInput(f"{RE_ENGAGEMENT} is the house's own mail to clients who drift; choose another slug", "slug")
    values = {"spec": spec.model_dump(mode="json"), "updated_at": now}
    row = {"slug": spec.slug, "state": CampaignState.RUNNING, "created_at": now, **values}
    row |= {"reason": "", "epoch": 1, "overdue": Overdue.REPLAN, "cursor": "", "enrolled_all": False, "erased": {}}
    if not insert_ignoring(connection, campaigns, [row]):
        kept = get(connection, spec.slug)
        if CampaignSpec.model_validate(kept.spec) != spec:
            raise BadInput(f"{spec.slug} exists with other terms; adjust it or choose another slug", "slug")


def get(connection: Connection, slug: CampaignSlug) -> Row[Any]:
    """The campaign's row. Raises NotFound."""
    row = connection.execute(select(campaigns).where(campaigns.c.slug == slug)).one_or_none()
    if row is None:
        raise NotFound(f"no campaign {slug}", "slug")
    return row


def every(connection: Connection) -> list[Row[Any]]:
    """All campaigns, newest first."""
    return list(connection.execute(select(campaigns).order_by(campaigns.c.created_at.desc())))


def states(connection: Connection, slugs: Iterable[str]) -> dict[str, tuple[CampaignState, int]]:
    """State and epoch of each campaign."""
    wanted = list(slugs)
    if not wanted:
        return {}
    rows = connection.execute(
        select(campaigns.c.slug, campaigns.c.state, campaigns.c.epoch).where(campaigns.c.slug.in_(wanted))
    )
    return {row.slug: (CampaignState(row.state), row.epoch) for row in rows}


class Gate(NamedTuple):
    """What a campaign says to its mail at the door."""

    paused: bool = False
    epoch: int = 0
    called_off: bool = False
    """It was ended while paused: what it held back is not wanted any more."""


def gate(connection: Connection, slug: CampaignSlug) -> Gate:
    """The campaign's word; its row is locked on PostgreSQL until the transaction ends, so that a parking commits on
    condition that it is still so."""
    row = connection.execute(
        select(campaigns.c.state, campaigns.c.epoch, campaigns.c.overdue)
        .where(campaigns.c.slug == slug)
        .with_for_update(read=True)
    ).one_or_none()
    if row is None:
        return Gate()
    ended = row.state == CampaignState.ENDED
    return Gate(row.state == CampaignState.PAUSED, row.epoch, ended and row.overdue == Overdue.EXPIRE)


def change(connection: Connection, slug: CampaignSlug, now: datetime, **values: Any) -> None:
    """Change a campaign's row."""
    connection.execute(update(campaigns).where(campaigns.c.slug == slug).values(updated_at=now, **values))


class Enrolled(NamedTuple):
    """Clients enrolled, by arm; those of them who are to be mailed."""

    arms: Counter[Arm]
    mailed: list[ClientId]


def enrol(connection: Connection, row: Row[Any], limit: int, now: datetime) -> Enrolled:
    """Enrol the next clients of the audience, at most `limit`; moves the cursor."""
    spec = CampaignSpec.model_validate(row.spec)
    found: list[Row[Any]] = []
    cursor, batch = row.cursor, max(limit * 4, 200)
    while len(found) < limit:
        page = connection.execute(_audience(spec, cursor, batch)).all()
        for client in page:
            cursor = client.client_id
            if set(spec.audience.tags) <= set(client.tags or ()):
                found.append(client)
            if len(found) == limit:
                break
        if len(page) < batch:
            break
    entries = [_entry(spec, client, now) for client in found]
    insert_ignoring(connection, enrolments, entries)
    change(connection, row.slug, now, cursor=cursor, enrolled_all=len(found) < limit)
    mailed = [entry["client_id"] for entry in entries if entry["state"] is EnrolmentState.PENDING]
    return Enrolled(Counter(entry["arm"] for entry in entries), mailed)


def preview(connection: Connection, spec: CampaignSpec) -> Counter[Arm]:
    """The clients whom the campaign would enrol as they are now, by arm; nothing is changed."""
    found: Counter[Arm] = Counter()
    cursor, wanted = "", set(spec.audience.tags)
    while page := connection.execute(_audience(spec, cursor, PREVIEWED)).all():
        cursor = page[-1].client_id
        found.update(_side(spec, client) for client in page if wanted <= set(client.tags or ()))
    return found


def _side(spec: CampaignSpec, client: Row[Any]) -> Arm:
    """Who has not agreed to mail stands in neither arm: they would hide the lift, being the same in both."""
    return arm(spec.slug, client.client_id, spec.control_share) if client.consent else Arm.NEITHER


def _entry(spec: CampaignSpec, client: Row[Any], now: datetime) -> dict[str, Any]:
    side = _side(spec, client)
    state, code = _BEGINS[side]
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


def stands(connection: Connection, slug: CampaignSlug, client_id: ClientId, side: Arm, now: datetime) -> None:
    """Keep on which side of a comparison a client stands, from the first time on; no mail comes of it."""
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


_BEGINS: Final = {
    Arm.TREATED: (EnrolmentState.PENDING, ""),
    Arm.CONTROL: (EnrolmentState.HELD_OUT, "held_out"),
    Arm.NEITHER: (EnrolmentState.DROPPED, "no_consent"),
}


def _audience(spec: CampaignSpec, cursor: str, limit: int) -> Any:
    wanted = select(clients.c.client_id, clients.c.tags, clients.c.consent).where(clients.c.client_id > cursor)
    if spec.audience.phases:
        wanted = wanted.join(standings, standings.c.client_id == clients.c.client_id).where(
            standings.c.phase.in_(spec.audience.phases)
        )
    return wanted.order_by(clients.c.client_id).limit(limit)


def drain(connection: Connection, slug: CampaignSlug, epoch: int, limit: int) -> list[ClientId]:
    """Let up to `limit` parked mails of an older epoch queue again; their clients."""
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
    """Say what becomes of the campaign's mail that is parked."""
    connection.execute(
        update(outreaches)
        .where(outreaches.c.campaign == slug, outreaches.c.state == OutreachState.PARKED)
        .values(overdue=overdue)
    )


def parked_clients(connection: Connection, slug: CampaignSlug) -> list[ClientId]:
    """Clients with parked mail of the campaign."""
    parked = select(outreaches.c.client_id).where(
        outreaches.c.campaign == slug, outreaches.c.state == OutreachState.PARKED
    )
    return list(connection.scalars(parked.distinct()))


def pending_of(connection: Connection, client_id: ClientId) -> list[Waiting]:
    """The client's enrolments that wait for its turn, in campaigns that run."""
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
        Waiting(priority=row.spec["priority"], key=f"{PREFIX}{row.campaign}:{row.entry}", campaign=row.campaign)
        for row in rows
    ]


def queued(connection: Connection, slug: CampaignSlug, client_id: ClientId, key: str, n: int, now: datetime) -> None:
    """The enrolment became outreach `n`."""
    entry = key.removeprefix(f"{PREFIX}{slug}:")
    connection.execute(
        update(enrolments)
        .where(enrolments.c.campaign == slug, enrolments.c.client_id == client_id, enrolments.c.entry == entry)
        .values(state=EnrolmentState.QUEUED, n=n, at=now)
    )


def drop_pending_of(connection: Connection, client_id: ClientId, code: str, now: datetime) -> None:
    """The client may not be mailed at all: its enrolments are dropped, with the reason."""
    connection.execute(
        update(enrolments)
        .where(enrolments.c.client_id == client_id, enrolments.c.state == EnrolmentState.PENDING)
        .values(state=EnrolmentState.DROPPED, code=code, at=now)
    )


def drop_pending(connection: Connection, slug: CampaignSlug, now: datetime) -> None:
    """The campaign ended: nobody more is enrolled."""
    connection.execute(
        update(enrolments)
        .where(enrolments.c.campaign == slug, enrolments.c.state == EnrolmentState.PENDING)
        .values(state=EnrolmentState.DROPPED, code="campaign_ended", at=now)
    )


def progress(connection: Connection, slug: CampaignSlug) -> CampaignProgress:
    """How the campaign goes, counted from the rows. Raises NotFound."""
    row = get(connection, slug)
    gone = row.erased or {}
    by_enrolment = _counts(connection, enrolments.c.state, enrolments.c.campaign == slug, gone.get("enrolments", {}))
    by_mail = _counts(connection, outreaches.c.state, outreaches.c.campaign == slug, gone.get("mails", {}))
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


def _counts(connection: Connection, column: Any, where: Any, gone: Mapping[str, int]) -> Mapping[str, int]:
    """With those of clients who were erased."""
    rows = connection.execute(select(column, func.count()).where(where).group_by(column))
    return Counter(gone) + Counter({row[0]: row[1] for row in rows})
