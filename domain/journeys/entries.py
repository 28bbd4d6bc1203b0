"""Who enters a campaign, when, and again."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from domain.journeys.advancing import JourneyEvent
from domain.journeys.places import JourneyPlace, JourneyVersions
from domain.states import OPEN_PLACES
from models.base import CampaignSlug, ClientId, ItemId
from models.campaign_definition import CampaignDefinition, EventEntry, EveryEntry
from models.states import Arm, EnrolmentState

LATE: Final = timedelta(days=1)
"""An occasion whose mail would have been due longer ago is history, as in an import: nobody enters for it."""


class LastEntry(NamedTuple):
    """A client's last entry into a campaign."""

    state: EnrolmentState
    at: datetime
    entry: str


class EntryOccasion(NamedTuple):
    """What lets a client enter: when it happened, when the way begins, and the item that it is about."""

    client_id: ClientId
    at: datetime
    due_at: datetime
    item_id: ItemId | None = None


def may_enter(definition: CampaignDefinition, last: LastEntry | None, occasion: EntryOccasion, now: datetime) -> bool:
    """Return whether a client enters on an occasion: not while they are in it, not again too soon, and not late."""
    if occasion.due_at < now - LATE or occasion.at > now + LATE:
        return False
    if last is None:
        return True
    if last.state in OPEN_PLACES or definition.re_entry == "never":
        return False
    return occasion.at >= last.at + definition.re_entry


def begin_place(slug: CampaignSlug, version: int, occasion: EntryOccasion) -> JourneyPlace:
    """Build the place of a client who enters. The arm is drawn when the way begins: before, nobody would be mailed."""
    return JourneyPlace(
        campaign=slug,
        client_id=occasion.client_id,
        entry=name_occasion(occasion),
        version=version,
        state=EnrolmentState.WAITING,
        arm=Arm.NEITHER,
        entered_at=occasion.at,
        due_at=occasion.due_at,
        item_id=occasion.item_id,
    )


def name_occasion(occasion: EntryOccasion) -> str:
    """Name an occasion: the same for the same moment and item."""
    item = hashlib.sha256(occasion.item_id.encode()).hexdigest()[:12] if occasion.item_id else ""
    return f"{occasion.at:%Y%m%dT%H%M%S}{'-' if item else ''}{item}"


def list_occasions(
    definition: CampaignDefinition, events: Iterable[tuple[ClientId, JourneyEvent]]
) -> Mapping[ClientId, EntryOccasion]:
    """List the occasions that new events are, the last of each client."""
    entry = definition.entry
    if not isinstance(entry, EventEntry):
        return {}
    found: dict[ClientId, EntryOccasion] = {}
    for client_id, event in sorted(events, key=lambda pair: pair[1].at):
        if event.type == entry.event:
            due = event.at + (entry.wait or timedelta())
            found[client_id] = EntryOccasion(client_id, event.at, due, event.item_id)
    return found


def name_period(entry: EveryEntry, started_at: datetime, now: datetime) -> str:
    """Name the period in which everybody enters once more."""
    return f"every-{max(0, (now - started_at) // entry.every) + 1}"


def list_awaited(versions: JourneyVersions) -> frozenset[str]:
    """List the types of events on which somebody enters, goes on, or leaves."""
    awaited: set[str] = set()
    for definition in versions.definitions.values():
        awaited |= {step.wait_for.event for step in definition.steps if step.wait_for is not None}
        if definition.exits.goal is not None:
            awaited.add(definition.exits.goal)
        if isinstance(definition.entry, EventEntry):
            awaited |= {definition.entry.event, *definition.entry.unless}
    return frozenset(awaited)
