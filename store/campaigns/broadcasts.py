"""Enrolments that wait for the next part of a broadcast, and mails that a part left unsettled."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, func, or_, select, update

from domain.broadcasts import BROADCAST
from domain.outreach import IN_TURN
from models.base import CampaignSlug, ClientId
from models.states import CampaignState, EnrolmentState, OutreachState
from store.sql.bulk import among
from store.tables import campaigns, enrolments, outreaches

_e: Final = enrolments.c
_o: Final = outreaches.c
_WAITS: Final = (_e.state == EnrolmentState.WAITING) & (_e.code == BROADCAST)


def take_waiting(connection: Connection, slug: CampaignSlug, now: datetime, limit: int) -> list[ClientId]:
    """Take the next clients who wait for a part and whose entry is due; two who take at once never get the same."""
    due = (_e.campaign == slug, _WAITS, _is_due(now))
    query = select(_e.client_id).where(*due).order_by(_e.client_id).limit(limit)
    return list(dict.fromkeys(connection.scalars(query.with_for_update(skip_locked=True))))


def _is_due(now: datetime) -> ColumnElement[bool]:
    return or_(_e.due_at.is_(None), _e.due_at <= now)


def count_waiting(connection: Connection, slug: CampaignSlug, now: datetime) -> int:
    """Count the clients of a campaign who wait for a part, and whose entry is due."""
    return connection.scalar(select(func.count()).where(_e.campaign == slug, _WAITS, _is_due(now))) or 0


def find_early(
    connection: Connection, slug: CampaignSlug, client_ids: Collection[ClientId], now: datetime
) -> set[ClientId]:
    """Find which of these clients wait for a part and for a later entry."""
    query = select(_e.client_id).where(_e.campaign == slug, _WAITS, _e.due_at > now)
    return set(connection.scalars(query.where(among(connection, _e.client_id, client_ids))))


def find_next_entry(connection: Connection, slug: CampaignSlug, now: datetime) -> datetime | None:
    """Find when the entry of somebody who waits for a part falls due next; None where nobody's does."""
    query = select(func.min(_e.due_at)).where(_e.campaign == slug, _WAITS, _e.due_at > now)
    found: datetime | None = connection.scalar(query)
    return found


def count_broadcasts(connection: Connection, now: datetime) -> int:
    """Count the running campaigns in which clients wait for a part."""
    waits = select(_e.campaign).where(_e.campaign == campaigns.c.slug, _WAITS, _is_due(now)).exists()
    query = select(func.count()).select_from(campaigns).where(campaigns.c.state == CampaignState.RUNNING, waits)
    return connection.scalar(query) or 0


def hand_over(connection: Connection, slug: CampaignSlug, client_ids: Collection[ClientId]) -> None:
    """Let clients who were just enrolled wait for a part."""
    waits = (_e.state == EnrolmentState.WAITING, _e.step == "", _e.code == "")
    of_clients = update(enrolments).where(_e.campaign == slug, among(connection, _e.client_id, client_ids), *waits)
    connection.execute(of_clients.values(code=BROADCAST))


def leave_to_workflows(connection: Connection, slug: CampaignSlug, client_ids: Collection[ClientId]) -> None:
    """Leave clients who wait for a part to their own workflows."""
    of_clients = update(enrolments).where(_e.campaign == slug, among(connection, _e.client_id, client_ids), _WAITS)
    connection.execute(of_clients.values(code=""))


def leave_all(connection: Connection, slug: CampaignSlug) -> list[ClientId]:
    """Leave everybody who waits for a part of a campaign to their own workflow, and return them."""
    of_campaign = update(enrolments).where(_e.campaign == slug, _WAITS)
    return list(connection.scalars(of_campaign.values(code="").returning(_e.client_id)))


class LeftMail(NamedTuple):
    """A mail that a part began and did not settle in time, as when its worker died."""

    client_id: ClientId
    n: int
    state: OutreachState
    send_at: datetime | None


def take_left(connection: Connection, slug: CampaignSlug, real_now: datetime, limit: int) -> list[LeftMail]:
    """Take mails of a campaign whose lease is over; two who take at once never get the same."""
    over = (_o.campaign == slug, _o.state.in_(sorted(IN_TURN)), _o.lease_until <= real_now)
    query = select(_o.client_id, _o.n, _o.state, _o.send_at).where(*over).order_by(_o.client_id).limit(limit)
    rows = connection.execute(query.with_for_update(skip_locked=True))
    return [LeftMail(row.client_id, row.n, OutreachState(row.state), row.send_at) for row in rows]


def count_left(connection: Connection, slug: CampaignSlug, real_now: datetime) -> int:
    """Count the mails of a campaign whose lease is over."""
    over = (_o.campaign == slug, _o.state.in_(sorted(IN_TURN)), _o.lease_until <= real_now)
    return connection.scalar(select(func.count()).where(*over)) or 0


def release_left(connection: Connection, slug: CampaignSlug, real_now: datetime) -> list[ClientId]:
    """Release the mails of a campaign whose lease is over, and return their clients, whose own workflows go on with
    them."""
    over = (_o.campaign == slug, _o.state.in_(sorted(IN_TURN)), _o.lease_until <= real_now)
    statement = update(outreaches).where(*over).values(lease_until=None)
    return list(connection.scalars(statement.returning(_o.client_id)))


def release_mails(connection: Connection, slug: CampaignSlug, client_ids: Collection[ClientId]) -> None:
    """Release the mails of these clients, which a part cannot send now; not one that is with the mail server."""
    states = sorted(IN_TURN - {OutreachState.DATA})
    of_clients = update(outreaches).where(_o.campaign == slug, among(connection, _o.client_id, client_ids))
    connection.execute(of_clients.where(_o.state.in_(states)).values(lease_until=None))


def renew_leases(connection: Connection, slug: CampaignSlug, client_ids: Collection[ClientId], until: datetime) -> None:
    """Renew the leases of the mails of these clients that have the turn, until `until` of real time."""
    of_clients = update(outreaches).where(_o.campaign == slug, among(connection, _o.client_id, client_ids))
    connection.execute(of_clients.where(_o.state.in_(sorted(IN_TURN))).values(lease_until=until))


def find_next_lease(connection: Connection, slug: CampaignSlug) -> datetime | None:
    """Find when the next lease of a mail that has the turn is over, real time; None where there is none."""
    leased = (_o.campaign == slug, _o.state.in_(sorted(IN_TURN)), _o.lease_until.is_not(None))
    found: datetime | None = connection.scalar(select(func.min(_o.lease_until)).where(*leased))
    return found
