"""The names that pages show in the place of ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from sqlalchemy import Engine

from models.base import CampaignSlug, ClientId
from store.campaigns.lists import load_campaign_names
from store.clients.lists import list_summaries
from store.database import read_transaction


def name_campaigns(engine: Engine, slugs: Iterable[CampaignSlug | None]) -> Mapping[CampaignSlug, str]:
    """Load the names of campaigns, by their slugs; none for what is no campaign."""
    wanted = {slug for slug in slugs if slug}
    if not wanted:
        return {}
    with read_transaction(engine) as connection:
        return load_campaign_names(connection, wanted)


def name_clients(engine: Engine, client_ids: Iterable[ClientId]) -> Mapping[ClientId, str]:
    """Load the first names of clients, by their ids; a page masks them for whoever may not see them."""
    wanted = list(dict.fromkeys(client_ids))
    if not wanted:
        return {}
    with read_transaction(engine) as connection:
        return {one.client_id: one.first_name for one in list_summaries(connection, wanted) if one.first_name}
