"""Mails of a campaign that are on their way."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, func, select

from domain.outreach import SETTLED, list_sources
from models.base import CampaignSlug, ClientId
from models.states import OutreachState
from store.sql.bulk import among
from store.tables import outreaches


def list_stoppable(connection: Connection, slug: CampaignSlug, limit: int) -> list[tuple[ClientId, int, OutreachState]]:
    """List the next mails of a campaign that can still be stopped: client, number and state. What an attempt to send
    has claimed is left to the send gate."""
    o = outreaches.c
    states = sorted(list_sources(OutreachState.SUPPRESSED) - SETTLED - {OutreachState.CLAIMED})
    query = select(o.client_id, o.n, o.state).where(o.campaign == slug, o.state.in_(states))
    rows = connection.execute(query.order_by(o.client_id, o.n).limit(limit))
    return [(row.client_id, row.n, OutreachState(row.state)) for row in rows]


def count_in_delivery(connection: Connection, slug: CampaignSlug) -> int:
    """Count the mails of a campaign that are with the mail server now: not answered yet."""
    query = select(func.count()).where(outreaches.c.campaign == slug, outreaches.c.state == OutreachState.DATA)
    return int(connection.scalar(query) or 0)


def find_campaigns(connection: Connection, mails: Collection[tuple[ClientId, int]]) -> list[CampaignSlug]:
    """Find the campaigns of these mails (client, number)."""
    o = outreaches.c
    of_clients = among(connection, o.client_id, {client_id for client_id, _ in mails})
    query = select(o.client_id, o.n, o.campaign).where(of_clients, o.campaign.is_not(None))
    wanted = set(mails)
    return sorted({row.campaign for row in connection.execute(query) if (row.client_id, row.n) in wanted})
