"""Let clients enter campaigns when an item that they wished for came back into stock, or became cheaper.

Every change of stock and price counts, wherever it comes from: a look compares items with how they stood at the last
one. Those who wished for an item are told in small transactions, so that fifty thousand of them hold up nobody.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlalchemy import Connection, Engine

from domain.campaign_life import UNDER_WAY
from domain.journeys.item_occasions import ItemChange, find_changes, lets_enter, list_wisher_occasions
from domain.journeys.places import JourneyVersions
from models.base import CampaignSlug
from models.campaign_definition import ItemEntry
from services.journeys.arrivals import enter_all
from store.campaigns import versions
from store.catalogue import occasions
from store.catalogue.occasions import OccasionRow
from store.database import read_transaction, write_transaction
from store.events import outbox
from store.revisions import load_number

BATCH: Final = 500
"""Clients told in one transaction."""
Revisions = tuple[int, int]


def load_revisions(connection: Connection) -> Revisions:
    """Load the numbers that every change of the catalogue and of the stock raises."""
    return load_number(connection, "catalogue"), load_number(connection, "stock")


def look_at_items(engine: Engine, now: datetime, seen: Revisions | None) -> Revisions | None:
    """Look for items that came back or became cheaper since the last look, and save these occasions.

    Args: `seen` are the revisions at the last look of this process; nothing is read where they still hold.
    Returns the revisions now; None while no campaign waits for items, and then nothing is remembered of them.
    """
    with read_transaction(engine) as connection:
        wanted, current = bool(_load_waiting(connection)), load_revisions(connection)
        if (wanted and current == seen) or not (wanted or occasions.has_seen(connection)):
            return seen if wanted else None
    with write_transaction(engine) as connection:
        if not _load_waiting(connection):
            occasions.forget_seen(connection)
            return None
        before = occasions.load_seen(connection)
        present = occasions.load_present(connection)
        occasions.insert_occasions(connection, find_changes(before, present), now)
        changed = {item_id: item for item_id, item in present.items() if before.get(item_id) != item}
        occasions.save_seen(connection, changed, set(before) - set(present))
    return current


def tell_wishers(engine: Engine, now: datetime, real_now: datetime) -> bool:
    """Let the next clients enter who wished for an item, and return whether there are more to tell."""
    with read_transaction(engine) as connection:
        if not occasions.has_occasion(connection):
            return False
    with write_transaction(engine) as connection:
        row = occasions.take_occasion(connection)
        if row is None:
            return False
        wishers = occasions.list_wishers(connection, row.item_id, row.cursor, BATCH)
        open_wishes = [(one.client_id, one.wished_at) for one in wishers if one.is_open]
        nudged = set[str]()
        for slug, journey, entry in _list_entries(connection, row):
            found = list_wisher_occasions(entry, row.item_id, row.at, open_wishes)
            nudged |= enter_all(connection, slug, journey, found, now)
        outbox.push_nudges(connection, "client", sorted(nudged), real_now)
        if len(wishers) < BATCH:
            occasions.close_occasion(connection, row)
        else:
            occasions.move_on(connection, row, wishers[-1].client_id)
        return True


def _load_waiting(connection: Connection) -> dict[CampaignSlug, JourneyVersions]:
    """Load the campaigns whose clients enter for what happens to items."""
    journeys = versions.load_journeys(connection, states=UNDER_WAY)
    entries = {slug: journey.definitions[journey.current].entry for slug, journey in journeys.items()}
    return {slug: journeys[slug] for slug, entry in entries.items() if isinstance(entry, ItemEntry)}


def _list_entries(connection: Connection, row: OccasionRow) -> list[tuple[CampaignSlug, JourneyVersions, ItemEntry]]:
    """List the campaigns that an occasion lets clients enter."""
    change = ItemChange(row.kind, row.item_id, row.was_cents, row.is_cents)
    found = []
    for slug, journey in _load_waiting(connection).items():
        entry = journey.definitions[journey.current].entry
        if isinstance(entry, ItemEntry) and lets_enter(entry, change):
            found.append((slug, journey, entry))
    return found
