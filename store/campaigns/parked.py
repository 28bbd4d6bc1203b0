"""Mails that a campaign's pause parked: released, given a choice of lateness, listed."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from models.base import CampaignSlug, ClientId
from models.states import OutreachState, Overdue
from store.tables import outreaches


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
