"""Let clients enter campaigns on the day that an attribute of theirs names, such as a birthday."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Engine

from domain.campaign_life import UNDER_WAY
from domain.journeys.date_entries import find_occasion, list_days, list_month_days
from domain.journeys.places import JourneyVersions
from models.base import CampaignSlug, ClientId
from models.campaign_definition import DateEntry
from services.journeys.arrivals import enter_all
from store.campaigns import versions
from store.campaigns.date_entries import list_named_days
from store.database import read_transaction, write_transaction
from store.events import outbox

BATCH: Final = 500
"""Clients let in by one transaction."""


def enter_near_days(engine: Engine, now: datetime, real_now: datetime) -> int:
    """Let every client enter whose day is near in a running campaign, to wait for it, and return how many batches that
    took. Repeating it lets nobody in twice: the occasion is the day."""
    with read_transaction(engine) as connection:
        journeys = versions.load_journeys(connection, states=UNDER_WAY)
    batches = 0
    for slug, journey in journeys.items():
        entry = journey.definitions[journey.current].entry
        after: ClientId | None = ""
        while isinstance(entry, DateEntry) and after is not None:
            after = _enter_some(engine, slug, journey, entry, after, now, real_now)
            batches += 1
    return batches


def _enter_some(
    engine: Engine,
    slug: CampaignSlug,
    journey: JourneyVersions,
    entry: DateEntry,
    after: ClientId,
    now: datetime,
    real_now: datetime,
) -> ClientId | None:
    """Let the next clients in, and return the last one looked at; None where nobody is left."""
    days = list_days(entry, now)
    with write_transaction(engine) as connection:
        named = list_named_days(
            connection, entry.attribute, None if entry.yearly else days, list_month_days(days), after, BATCH
        )
        near = (find_occasion(entry, one.client_id, one.day, one.time_zone, now) for one in named)
        found = {occasion.client_id: occasion for occasion in near if occasion is not None}
        nudged = enter_all(connection, slug, journey, found, now)
        outbox.push_nudges(connection, "client", sorted(nudged), real_now)
    return named[-1].client_id if len(named) == BATCH else None
