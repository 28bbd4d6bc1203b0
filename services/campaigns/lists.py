"""Read how campaigns go."""

from __future__ import annotations

from sqlalchemy import Engine

from models.base import CampaignSlug
from models.campaign import CampaignProgress
from store.campaigns import campaigns
from store.database import read_transaction


def load_progress(engine: Engine, slug: CampaignSlug) -> CampaignProgress:
    """Load how far a campaign is. Raises NotFound."""
    with read_transaction(engine) as connection:
        return campaigns.count_progress(connection, slug)
