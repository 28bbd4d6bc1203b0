"""Start campaigns whose moment has come."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from domain import permissions
from domain.permissions import Action
from models.actors import Actor, Subject, SubjectKind
from models.base import CampaignSlug
from models.states import CampaignState, VersionState
from services.campaigns.definitions import publish_version
from store.activity import write_activity
from store.campaigns import campaigns, versions


def start_in_time(
    connection: Connection, actor: Actor, slug: CampaignSlug, now: datetime, real_now: datetime
) -> datetime | None:
    """Start a scheduled campaign when its moment has come; return that moment while it lies ahead.

    Raises NotAllowed.
    """
    permissions.require(actor, Action.START_CAMPAIGN)
    campaign = campaigns.load_campaign(connection, slug)
    if campaign.state is not CampaignState.SCHEDULED:
        return None
    row = versions.load_version(connection, slug)
    if row.state is not VersionState.APPROVED or row.start_at is None or now < row.start_at:
        return row.start_at
    publish_version(connection, campaign, row, "stay", {}, now)
    subject = Subject(kind=SubjectKind.CAMPAIGN, id=slug)
    about = {"version": row.version, "digest": row.digest[:12]}
    write_activity(connection, actor, Action.START_CAMPAIGN, subject, now, real_now, about)
    return None
