"""Clone a campaign of steps into a draft under another name."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from domain import permissions
from domain.permissions import Action
from errors import BadInput
from models.actors import Actor
from models.base import CampaignSlug
from models.campaign_definition import CampaignDefinition, CampaignVersion
from services.campaigns.definitions import save_draft
from settings import Settings
from store.campaigns import campaigns, versions
from store.database import read_transaction


def clone_campaign(
    engine: Engine,
    actor: Actor,
    slug: CampaignSlug,
    as_slug: CampaignSlug,
    settings: Settings,
    now: datetime,
    real_now: datetime,
    name: str = "",
) -> CampaignVersion:
    """Save the version of a campaign that runs, else its newest, as a draft of another campaign. Nobody enters that one
    before it is approved and started.

    Args: `name` is what people call it; empty: the name of the first with "copy" behind it.
    Raises: NotAllowed; NotFound, also for a campaign of one mail; BadInput when a campaign has the slug already.
    """
    permissions.require(actor, Action.CREATE_CAMPAIGN)
    definition = load_likeness(engine, slug)
    with read_transaction(engine) as connection:
        if campaigns.find_campaign(connection, as_slug) is not None:
            raise BadInput(f"there is a campaign {as_slug}; choose another", "slug")
    names = {"slug": as_slug, "name": name or f"{definition.name[:112]}, copy"}
    copy = CampaignDefinition.model_validate(definition.model_dump(mode="json") | names)
    return save_draft(engine, actor, copy, settings, now, real_now)


def load_likeness(engine: Engine, slug: CampaignSlug) -> CampaignDefinition:
    """Load what a clone of a campaign begins with: the version that runs, else the newest. Raises NotFound."""
    with read_transaction(engine) as connection:
        row = campaigns.load_campaign(connection, slug)
        return versions.load_version(connection, slug, row.running_version).definition
