"""Let the audience of a campaign enter: at its start, at one time, or again and again."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from domain.journeys.entries import name_period
from models.campaign_definition import EveryEntry, NowEntry, TimeEntry
from store.campaigns import campaigns, versions
from store.campaigns.campaigns import CampaignRow


def open_entry(connection: Connection, row: CampaignRow, now: datetime) -> CampaignRow | None:
    """Open the entry of a campaign of several steps for its audience, and return its row; None where nobody enters for
    being in the audience. A new period lets everybody in once more."""
    entry = versions.load_version(connection, row.slug, row.version).definition.entry
    if isinstance(entry, NowEntry | TimeEntry):
        return row
    if not isinstance(entry, EveryEntry):
        campaigns.update_campaign(connection, row.slug, now, enrolled_all=True)
        return None
    period = name_period(entry, row.started_at or row.created_at, now)
    if row.spec.entry != period:
        spec = row.spec.model_copy(update={"entry": period}).model_dump(mode="json")
        campaigns.update_campaign(connection, row.slug, now, spec=spec, cursor="", enrolled_all=False)
    return campaigns.load_campaign(connection, row.slug)
