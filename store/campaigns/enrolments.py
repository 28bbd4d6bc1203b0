"""Enrolments: the clients of a campaign's audience, their arm, and what became of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Select, and_, bindparam, delete, exists, func, or_, select, update

from domain.campaign_life import ENDED
from domain.enrolment import AudienceMember, NewEnrolment
from domain.planning import QueuedMail
from domain.segments.audiences import find_audience_filter
from domain.states import ENROLMENT, OPEN_PLACES
from models.base import CampaignSlug, ClientId
from models.campaign import Audience
from models.states import Arm, CampaignState, EnrolmentState
from store.mail.withdrawals import match_in_force
from store.segments.compilation import compile_filter
from store.sql.bulk import among, give, insert_ignoring, match_given
from store.tables import campaigns, clients, enrolments, standings, withdrawals

PREFIX = "campaign:"
_MEMBER: Final = select(
    *(clients.c.client_id, clients.c.tags, clients.c.consent, clients.c.mailbox, clients.c.policy),
    withdrawals.c.at.label("withdrawn_at"),
).outerjoin(withdrawals, match_in_force())
_MAY_BE_DROPPED: Final = enrolments.c.state.in_(ENROLMENT.list_sources(EnrolmentState.DROPPED))


def list_audience(
    connection: Connection,
    audience: Audience,
    now: datetime,
    cursor: ClientId,
    limit: int,
    beside: tuple[CampaignSlug, str] | None = None,
) -> list[AudienceMember]:
    """List the next clients after `cursor` in any of the audience's phases whom its filter holds at `now`; their tags
    are still to be looked at. `beside`: only those who are not enrolled in this campaign under this entry, nor on their
    way through it from another."""
    c, e = clients.c, enrolments.c
    wanted = _narrow(connection, _MEMBER.where(c.client_id > cursor), audience, now)
    if beside is not None:
        slug, entry = beside
        in_it = or_(e.entry == entry, and_(e.version.is_not(None), e.state.in_(sorted(OPEN_PLACES))))
        wanted = wanted.where(~exists().where(e.campaign == slug, e.client_id == c.client_id, in_it))
    return _read_members(connection, wanted.order_by(c.client_id).limit(limit))


def list_members(connection: Connection, client_ids: Iterable[ClientId]) -> list[AudienceMember]:
    """List these clients as an audience has them, whatever audience; those that there are not are left out."""
    return _read_members(connection, _MEMBER.where(among(connection, clients.c.client_id, client_ids)))


def find_in_audience(
    connection: Connection, audience: Audience, client_ids: Iterable[ClientId], now: datetime
) -> frozenset[ClientId]:
    """Find who of these clients is in an audience at `now`."""
    among_them = _MEMBER.where(among(connection, clients.c.client_id, client_ids))
    found = _read_members(connection, _narrow(connection, among_them, audience, now))
    return frozenset(member.client_id for member in found if set(audience.tags) <= set(member.tags))


def delete_untouched(
    connection: Connection, slug: CampaignSlug, client_ids: Iterable[ClientId], enrolled_at: datetime
) -> dict[ClientId, EnrolmentState]:
    """Delete the enrolments of one moment of which nothing came yet, and return whose they were, and their states."""
    e = enrolments.c
    untouched = (
        e.campaign == slug,
        among(connection, e.client_id, client_ids),
        e.enrolled_at == enrolled_at,
        e.n.is_(None),
        e.step == "",
        e.state.in_((EnrolmentState.WAITING, EnrolmentState.HELD_OUT)),
    )
    gone = connection.execute(delete(enrolments).where(*untouched).returning(e.client_id, e.state))
    return {row.client_id: EnrolmentState(row.state) for row in gone}


def _narrow(connection: Connection, wanted: Select[Any], audience: Audience, now: datetime) -> Select[Any]:
    """Narrow clients to the phases and the filter of an audience."""
    if audience.phases:
        wanted = wanted.join(standings, standings.c.client_id == clients.c.client_id)
        wanted = wanted.where(standings.c.phase.in_(audience.phases))
    if (tree := find_audience_filter(audience)) is not None:
        wanted = wanted.where(compile_filter(tree, now, connection.dialect.name, by_set=False))
    return wanted


def _read_members(connection: Connection, query: Select[Any]) -> list[AudienceMember]:
    return [
        AudienceMember(
            row.client_id,
            tuple(row.tags or ()),
            row.consent and row.withdrawn_at is None,
            row.mailbox,
            tuple(row.policy["topics"]) if "topics" in (row.policy or {}) else None,
        )
        for row in connection.execute(query)
    ]


def count_preferring(connection: Connection, audience: Audience, hours: Iterable[int], now: datetime) -> int:
    """Count the clients of an audience's phases and filter who ask for mail at one of these hours of their day."""
    c = clients.c
    wanted = select(func.count()).select_from(clients)
    wanted = wanted.where(c.policy["preferred_hour"].as_integer().in_(sorted(hours)))
    if audience.phases:
        wanted = wanted.join(standings, standings.c.client_id == c.client_id)
        wanted = wanted.where(standings.c.phase.in_(audience.phases))
    if (tree := find_audience_filter(audience)) is not None:
        wanted = wanted.where(compile_filter(tree, now, connection.dialect.name))
    return int(connection.scalar(wanted) or 0)


def find_enrolled_mailboxes(
    connection: Connection, slug: CampaignSlug, mailboxes: Iterable[str]
) -> dict[str, ClientId]:
    """Find which of these mailboxes the campaign has enrolled already, to be mailed or held out, and under which id."""
    c, e = clients.c, enrolments.c
    query = select(c.mailbox, c.client_id).join(enrolments, e.client_id == c.client_id)
    query = query.where(e.campaign == slug, e.arm != Arm.NEITHER.value)
    rows = connection.execute(query.where(among(connection, c.mailbox, [box for box in mailboxes if box])))
    return {row.mailbox: row.client_id for row in rows}


def save_enrolments(
    connection: Connection,
    slug: CampaignSlug,
    entry: str,
    new: Iterable[NewEnrolment],
    now: datetime,
    version: int | None = None,
) -> None:
    """Save enrolments under the campaign's `entry`; one that is there already stays as it is. `version`: of the steps,
    where the campaign has several."""
    same = {"campaign": slug, "entry": entry, "enrolled_at": now, "at": now, "version": version}
    insert_ignoring(connection, enrolments, [same | enrolment._asdict() for enrolment in new])


def list_pending(connection: Connection, client_ids: Collection[ClientId]) -> defaultdict[ClientId, list[QueuedMail]]:
    """List the enrolments of these clients that wait for a free turn, in running campaigns, by client."""
    rows = connection.execute(_select_pending(connection.dialect.name), give(connection, client_ids))
    found: defaultdict[ClientId, list[QueuedMail]] = defaultdict(list)
    for row in rows if client_ids else ():
        key = f"{PREFIX}{row.campaign}:{row.entry}"
        mail = QueuedMail(priority=row.spec["priority"], key=key, campaign=row.campaign, offer=row.spec.get("offer"))
        found[row.client_id].append(mail)
    return found


@cache  # building it takes longer than running it
def _select_pending(dialect: str) -> Select[Any]:
    e = enrolments.c
    query = select(e.client_id, e.campaign, e.entry, campaigns.c.spec)
    return query.join(campaigns, campaigns.c.slug == e.campaign).where(
        match_given(dialect, e.client_id),
        e.state == EnrolmentState.WAITING,
        e.version.is_(None),
        campaigns.c.state == CampaignState.RUNNING,
    )


def mark_queued(connection: Connection, queued: Sequence[QueuedEnrolment], now: datetime) -> None:
    """Record that enrolments became mails, or their steps did."""
    if queued:
        rows = [
            {"slug": one.slug, "client": one.client_id, "entered": one.entry, "mail": one.n, "queued_at": now}
            for one in queued
        ]
        connection.execute(_MARK_QUEUED, rows)


class QueuedEnrolment(NamedTuple):
    """The enrolment that the mail `n` with the trigger `key` answers, by its `step` where it has several."""

    slug: CampaignSlug
    client_id: ClientId
    key: str
    n: int
    step: str = ""

    @property
    def entry(self) -> str:
        """The entry under which the client was enrolled."""
        return self.key.removeprefix(f"{PREFIX}{self.slug}:").removesuffix(f":{self.step}" if self.step else "")


_MARK_QUEUED: Final = (
    update(enrolments)
    .where(enrolments.c.campaign == bindparam("slug"), enrolments.c.client_id == bindparam("client"))
    .where(enrolments.c.entry == bindparam("entered"))
    .where(or_(*(enrolments.c.state == state for state in sorted(ENROLMENT.list_sources(EnrolmentState.IN_STEP)))))
    .values(state=EnrolmentState.IN_STEP, code="", n=bindparam("mail"), at=bindparam("queued_at"))
)


def drop_client_pending(connection: Connection, client_id: ClientId, code: str, now: datetime) -> None:
    """Drop the client's pending enrolments, with the reason why the client may not be mailed."""
    connection.execute(
        update(enrolments)
        .where(enrolments.c.client_id == client_id, _MAY_BE_DROPPED)
        .values(state=EnrolmentState.DROPPED, code=code, at=now)
    )


def drop_campaign_pending(connection: Connection, slug: CampaignSlug, now: datetime) -> int:
    """Drop the pending enrolments of a campaign that ended, and return how many these are."""
    ended = update(enrolments).where(enrolments.c.campaign == slug, _MAY_BE_DROPPED)
    return connection.execute(ended.values(state=EnrolmentState.DROPPED, code=ENDED, at=now)).rowcount


def reopen(connection: Connection, slug: CampaignSlug, client_id: ClientId, entry: str, now: datetime) -> None:
    """Put a client back into the step whose mail is tried again."""
    e = enrolments.c
    of_client = update(enrolments).where(e.campaign == slug, e.client_id == client_id, e.entry == entry)
    again = of_client.where(e.state.in_(ENROLMENT.list_sources(EnrolmentState.IN_STEP)))
    connection.execute(again.values(state=EnrolmentState.IN_STEP, code="", at=now))


def count_entered(connection: Connection, slug: CampaignSlug, until: datetime) -> int:
    """Count the places of clients who entered a campaign before `until`."""
    e = enrolments.c
    return connection.scalar(select(func.count()).where(e.campaign == slug, e.enrolled_at < until)) or 0
