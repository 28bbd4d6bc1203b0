"""Lists of campaigns and their mails for the pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select

from models.base import CampaignSlug, ClientId
from models.states import OutreachState, Phase
from store.campaigns.campaigns import CampaignRow, find_campaign, list_campaigns
from store.sql.records import Record
from store.tables import campaigns, clients, enrolments, outreaches


@dataclass(frozen=True)
class CampaignCounts:
    """A campaign, and how many of its clients and mails are in each state."""

    row: CampaignRow
    enrolled: dict[str, int]
    mails: dict[str, int]


def list_campaign_counts(connection: Connection) -> list[CampaignCounts]:
    """List all campaigns with their counts, newest first."""
    rows = list_campaigns(connection)
    enrolled = _count_states(connection, enrolments, [row.slug for row in rows])
    mails = _count_states(connection, outreaches, [row.slug for row in rows])
    return [CampaignCounts(row, enrolled.get(row.slug, {}), mails.get(row.slug, {})) for row in rows]


def find_campaign_counts(connection: Connection, slug: CampaignSlug) -> CampaignCounts | None:
    """Find one campaign with its counts; None for an unknown slug."""
    row = find_campaign(connection, slug)
    if row is None:
        return None
    enrolled, mails = _count_states(connection, enrolments, [slug]), _count_states(connection, outreaches, [slug])
    return CampaignCounts(row, enrolled.get(slug, {}), mails.get(slug, {}))


def load_campaign_names(connection: Connection, slugs: Iterable[CampaignSlug]) -> dict[CampaignSlug, str]:
    """Load the names of campaigns, by their slugs."""
    name = campaigns.c.spec["name"].as_string()
    rows = connection.execute(select(campaigns.c.slug, name).where(campaigns.c.slug.in_(sorted(slugs))))
    return {slug: name for slug, name in rows}  # noqa: C416 - dict() of rows loses the types


@dataclass(frozen=True, slots=True)
class CampaignMail(Record):
    """One mail of a campaign as its page lists it. `subject`: None before it is written."""

    client_id: ClientId
    n: int
    state: OutreachState
    code: str
    phase: Phase
    updated_at: datetime
    subject: str | None
    first_name: str


def list_campaign_mails(connection: Connection, slug: CampaignSlug, limit: int = 50) -> list[CampaignMail]:
    """List a campaign's mails, the last changed first."""
    query = (
        select(
            *CampaignMail.list_columns(outreaches, clients), outreaches.c.draft["subject"].as_string().label("subject")
        )
        .join(clients, clients.c.client_id == outreaches.c.client_id)
        .where(outreaches.c.campaign == slug)
        .order_by(outreaches.c.updated_at.desc())
        .limit(limit)
    )
    return [CampaignMail.from_row(row) for row in connection.execute(query)]


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
