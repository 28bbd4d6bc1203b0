"""Read the versions of a campaign."""

from __future__ import annotations

from sqlalchemy import Engine

from models.base import CampaignSlug
from models.campaign_definition import CampaignVersionList, StoredDefinition
from services.campaigns.definitions import describe_version
from store.campaigns import campaigns, versions
from store.database import read_transaction


def list_versions(engine: Engine, slug: CampaignSlug) -> CampaignVersionList:
    """List the versions of a campaign, the newest first. Raises NotFound."""
    with read_transaction(engine) as connection:
        campaign = campaigns.load_campaign(connection, slug)
        rows = versions.list_versions(connection, slug)
    return CampaignVersionList(versions=tuple(describe_version(row, campaign) for row in rows))


def load_definition(engine: Engine, slug: CampaignSlug, version: int) -> StoredDefinition:
    """Load what one version of a campaign says. Raises NotFound."""
    with read_transaction(engine) as connection:
        row = versions.load_version(connection, slug, version)
    definition = row.definition.model_dump(mode="json", exclude_defaults=True)
    return StoredDefinition(slug=slug, version=version, definition=definition)
