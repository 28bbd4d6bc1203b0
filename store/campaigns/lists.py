"""Lists of campaigns and their mails for the pages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, select

from models.base import CampaignSlug
from store.tables import campaigns, clients, enrolments, outreaches


@dataclass(frozen=True)
class CampaignCounts:
    """A campaign, and how many of its clients and mails are in each state."""

    row: Row[Any]
    enrolled: dict[str, int]
    mails: dict[str, int]


def list_campaign_counts(connection: Connection) -> list[CampaignCounts]:
    """List all campaigns with their counts, newest first."""
    rows = list(connection.execute(select(campaigns).order_by(campaigns.c.created_at.desc(), campaigns.c.slug)))
    enrolled = _count_states(connection, enrolments, [row.slug for row in rows])
    mails = _count_states(connection, outreaches, [row.slug for row in rows])
    return [CampaignCounts(row, enrolled.get(row.slug, {}), mails.get(row.slug, {})) for row in rows]


def find_campaign_counts(connection: Connection, slug: CampaignSlug) -> CampaignCounts | None:
    """Find one campaign with its counts; None for an unknown slug."""
    row = connection.execute(select(campaigns).where(campaigns.c.slug == slug)).one_or_none()
    if row is None:
        return None
    enrolled, mails = _count_states(connection, enrolments, [slug]), _count_states(connection, outreaches, [slug])
    return CampaignCounts(row, enrolled.get(slug, {}), mails.get(slug, {}))


def list_campaign_mails(connection: Connection, slug: CampaignSlug, limit: int = 50) -> list[Row[Any]]:
    """List a campaign's mails, the last changed first."""
    query = (
        select(
            outreaches.c.client_id,
            outreaches.c.n,
            outreaches.c.state,
            outreaches.c.code,
            outreaches.c.phase,
            outreaches.c.updated_at,
            outreaches.c.draft["subject"].as_string().label("subject"),
            clients.c.first_name,
        )
        .join(clients, clients.c.client_id == outreaches.c.client_id)
        .where(outreaches.c.campaign == slug)
        .order_by(outreaches.c.updated_at.desc())
        .limit(limit)
    )
    return list(connection.execute(query))


def _count_states(connection: Connection, table: Any, slugs: list[str]) -> dict[str, dict[str, int]]:
    query = (
        select(table.c.campaign, table.c.state, func.count())
        .where(table.c.campaign.in_(slugs))
        .group_by(table.c.campaign, table.c.state)
    )
    counts: dict[str, dict[str, int]] = {}
    for slug, state, count in connection.execute(query):
        counts.setdefault(slug, {})[state] = count
    return counts
