"""Let clients enter campaigns, go on, and leave at the goal, in the transaction that stores what they did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from domain.campaign_life import UNDER_WAY
from domain.journeys.advancing import JourneyEvent, JourneyFacts, find_exit
from domain.journeys.entries import EntryOccasion, LastEntry, begin_place, list_awaited, list_occasions, may_enter
from domain.journeys.places import JourneyPlace, JourneyVersions
from models.base import CampaignSlug, ClientId
from models.states import EnrolmentState
from store.campaigns import places, versions

Arrivals = Iterable[tuple[ClientId, JourneyEvent]]


def apply_events(connection: Connection, arrivals: Arrivals, now: datetime) -> set[ClientId]:
    """Apply new events to campaigns of several steps, and return the clients whose workflow is to look.

    Whoever reached the goal has left when this transaction commits: no mail of the campaign leaves after it.
    """
    running = versions.load_journeys(connection, states=UNDER_WAY)
    awaited = frozenset[str]().union(*(list_awaited(journey) for journey in running.values()))
    if not awaited:
        return set()
    told = [(client_id, event) for client_id, event in arrivals if event.type in awaited]
    if not told:
        return set()
    held = places.list_places_of(connection, {client_id for client_id, _ in told})
    nudged = {place.client_id for place in held}
    for place in held:
        own = [event for client_id, event in told if client_id == place.client_id]
        _leave_at_goal(connection, place, running.get(place.campaign), own, now)
    for slug, journey in running.items():
        nudged |= enter_all(connection, slug, journey, list_occasions(journey.definitions[journey.current], told), now)
    return nudged


def _leave_at_goal(
    connection: Connection,
    place: JourneyPlace,
    journey: JourneyVersions | None,
    events: Sequence[JourneyEvent],
    now: datetime,
) -> None:
    definition = journey.definitions.get(place.version) if journey else None
    if definition is None or find_exit(place, definition, JourneyFacts(events), now) != "goal":
        return
    places.leave_at_goal(connection, place, now)


def enter_all(
    connection: Connection,
    slug: CampaignSlug,
    journey: JourneyVersions,
    occasions: Mapping[ClientId, EntryOccasion],
    now: datetime,
) -> set[ClientId]:
    """Let clients enter a campaign on these occasions, and return those who did, or whose waiting changed. Who waits at
    the entry waits anew from the later occasion; who is on the way stays on it."""
    if not occasions:
        return set()
    definition = journey.definitions[journey.current]
    last = {
        client_id: LastEntry(*found)
        for client_id, found in places.find_last_entries(connection, slug, occasions).items()
    }
    waiting = {
        place.client_id: place
        for place in places.list_places_of(connection, occasions)
        if place.campaign == slug and place.step == "" and place.state is EnrolmentState.WAITING
    }
    entering, moved = [], set[ClientId]()
    for client_id, occasion in occasions.items():
        before = waiting.get(client_id)
        if before is not None and occasion.at > before.entered_at:
            later = replace(before, entered_at=occasion.at, due_at=occasion.due_at, item_id=occasion.item_id)
            places.save_place(connection, before, later, now)
            moved.add(client_id)
        elif before is None and may_enter(definition, last.get(client_id), occasion, now):
            entering.append(begin_place(slug, journey.current, occasion))
    places.insert_places(connection, entering, now)
    return {place.client_id for place in entering} | moved
