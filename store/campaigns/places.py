"""The places of clients in campaigns of several steps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Select, func, or_, select, update

from domain.journeys.advancing import JourneyEvent
from domain.journeys.audiences import Membership
from domain.journeys.places import JourneyPlace
from domain.states import ENROLMENT, OPEN_PLACES
from models.base import CampaignSlug, ClientId, ItemId
from models.states import Arm, CampaignState, EnrolmentState, Phase
from store.sql.bulk import among, insert_ignoring
from store.sql.records import Record
from store.tables import campaigns, clients, enrolments, events, standings

MOST_EVENTS: Final = 400
"""Events of one client read for a look at their places, the latest."""
_e: Final = enrolments.c
_PLACE: Final = {"entered_at": "enrolled_at"}


@dataclass(frozen=True, slots=True)
class PlaceRow(Record):
    """A client's place with the number of its last mail."""

    campaign: CampaignSlug
    client_id: ClientId
    entry: str
    version: int
    state: EnrolmentState
    arm: Arm
    entered_at: datetime
    step: str
    since: datetime | None
    due_at: datetime | None
    code: str
    item_id: str | None
    taken: tuple[str, ...] = ()

    def build_place(self) -> JourneyPlace:
        """Build the place as the rules read it."""
        return JourneyPlace(
            self.campaign,
            self.client_id,
            self.entry,
            self.version,
            self.state,
            self.arm,
            self.entered_at,
            self.step,
            self.since,
            self.due_at,
            self.taken,
            self.code,
            self.item_id,
        )


def _select_places() -> Select[Any]:
    return select(*PlaceRow.list_columns(enrolments, labels=_PLACE)).where(
        _e.version.is_not(None), _e.state.in_(sorted(OPEN_PLACES))
    )


class HeldPlace(NamedTuple):
    """A client's open place, the state of its campaign, and the priority of that campaign's mail now."""

    place: JourneyPlace
    campaign: CampaignState
    priority: int


def list_places(connection: Connection, client_id: ClientId) -> list[HeldPlace]:
    """List the open places of a client, whatever the state of their campaigns."""
    query = _select_places().add_columns(campaigns.c.state.label("campaign_state"), campaigns.c.spec)
    query = query.join(campaigns, campaigns.c.slug == _e.campaign).where(_e.client_id == client_id)
    return [
        HeldPlace(PlaceRow.from_row(row).build_place(), CampaignState(row.campaign_state), row.spec["priority"])
        for row in connection.execute(query.order_by(_e.campaign, _e.entry))
    ]


def count_steps(connection: Connection, slug: CampaignSlug) -> dict[str, int]:
    """Count the clients of a campaign in each of its steps now."""
    query = select(_e.step, func.count()).where(_e.campaign == slug, _e.state.in_(sorted(OPEN_PLACES)))
    return {step: count for step, count in connection.execute(query.group_by(_e.step)) if step}


def list_places_of(connection: Connection, client_ids: Iterable[ClientId]) -> list[JourneyPlace]:
    """List the open places of several clients."""
    rows = connection.execute(_select_places().where(among(connection, _e.client_id, client_ids)))
    return [PlaceRow.from_row(row).build_place() for row in rows]


def insert_places(connection: Connection, places: Sequence[JourneyPlace], now: datetime) -> int:
    """Add places; one that is there already stays as it is. Returns how many are new."""
    return insert_ignoring(connection, enrolments, [_build_key(place) | _build_values(place, now) for place in places])


def save_place(connection: Connection, before: JourneyPlace, after: JourneyPlace, now: datetime) -> bool:
    """Save how a place went on, unless somebody else moved it meanwhile; return whether it was saved."""
    allowed = {before.state} if before.state is after.state else ENROLMENT.list_sources(after.state)
    statement = update(enrolments).where(
        _e.campaign == before.campaign,
        _e.client_id == before.client_id,
        _e.entry == before.entry,
        _e.step == before.step,
        _e.state.in_({before.state} & allowed),
    )
    return connection.execute(statement.values(_build_values(after, now))).rowcount == 1


def move_to_version(connection: Connection, slug: CampaignSlug, before: int, after: int) -> int:
    """Let everybody on their way by one version go on by another that has the same steps, and return how many these
    are."""
    there = (_e.campaign == slug, _e.version == before, _e.state.in_(sorted(OPEN_PLACES)))
    return connection.execute(update(enrolments).where(*there).values(version=after)).rowcount


def leave_at_goal(connection: Connection, place: JourneyPlace, now: datetime) -> None:
    """End the place of a client who reached the goal, in whatever step an assessment puts it meanwhile."""
    statement = update(enrolments).where(
        _e.campaign == place.campaign,
        _e.client_id == place.client_id,
        _e.entry == place.entry,
        _e.state.in_(sorted(OPEN_PLACES)),
    )
    connection.execute(statement.values(state=EnrolmentState.EXITED, code="goal", due_at=None, at=now))


def drop_overdue(connection: Connection, slug: CampaignSlug, before: datetime, now: datetime) -> int:
    """Drop who waits at the entry for a moment before `before`, and return how many these are."""
    waits = (_e.campaign == slug, _e.version.is_not(None), _e.step == "", _e.state == EnrolmentState.WAITING)
    statement = update(enrolments).where(*waits, _e.due_at < before)
    return connection.execute(
        statement.values(state=EnrolmentState.DROPPED, code="too_late", due_at=None, at=now)
    ).rowcount


def _build_key(place: JourneyPlace) -> dict[str, Any]:
    return {"campaign": place.campaign, "client_id": place.client_id, "entry": place.entry}


def _build_values(place: JourneyPlace, now: datetime) -> dict[str, Any]:
    return {
        "state": place.state,
        "code": place.code,
        "arm": place.arm,
        "enrolled_at": place.entered_at,
        "at": now,
        "version": place.version,
        "step": place.step,
        "since": place.since,
        "due_at": place.due_at,
        "taken": list(place.taken),
        "item_id": place.item_id,
    }


def find_last_entries(
    connection: Connection, slug: CampaignSlug, client_ids: Iterable[ClientId]
) -> dict[ClientId, tuple[EnrolmentState, datetime, str]]:
    """Find for each of these clients the state, moment and name of their last entry into a campaign."""
    query = select(_e.client_id, _e.state, _e.enrolled_at, _e.entry).where(
        _e.campaign == slug, among(connection, _e.client_id, client_ids)
    )
    rows = connection.execute(query.order_by(_e.enrolled_at))
    return {row.client_id: (EnrolmentState(row.state), row.enrolled_at, row.entry) for row in rows}


def load_events(connection: Connection, client_id: ClientId, since: datetime, now: datetime) -> list[JourneyEvent]:
    """Load what the client did after `since`, the latest first; what machines opened does not count."""
    c = events.c
    query = (
        select(c.type, c.occurred_at, c.item_id)
        .where(c.client_id == client_id, c.occurred_at > since, c.occurred_at <= now)
        .where(or_(c.type.not_in(("email_opened", "email_clicked")), c.data["machine"].as_boolean().is_not(True)))
        .order_by(c.occurred_at.desc())
        .limit(MOST_EVENTS)
    )
    return [JourneyEvent(row.type, row.occurred_at, row.item_id) for row in connection.execute(query)]


def find_last_item(connection: Connection, client_id: ClientId, type_: str, now: datetime) -> ItemId | None:
    """Find the item of the client's latest event of a type; None where there is none."""
    c = events.c
    query = select(c.item_id).where(c.client_id == client_id, c.type == type_, c.occurred_at <= now)
    return connection.scalar(query.order_by(c.occurred_at.desc()).limit(1))


def load_membership(connection: Connection, client_id: ClientId) -> Membership:
    """Load what audiences ask of one client."""
    query = select(clients.c.tags, standings.c.phase).outerjoin(standings, standings.c.client_id == clients.c.client_id)
    row = connection.execute(query.where(clients.c.client_id == client_id)).one_or_none()
    phase = Phase(row.phase) if row is not None and row.phase else None
    return Membership(phase, tuple(row.tags or ()) if row is not None else ())


def release_overdue(connection: Connection, slug: CampaignSlug, before: datetime, limit: int) -> list[ClientId]:
    """Mark up to `limit` places that fell due before `before` to be looked at, and return their clients."""
    due = (_e.campaign == slug, _e.state == EnrolmentState.WAITING, _e.version.is_not(None), _e.due_at < before)
    rows = connection.execute(select(_e.client_id, _e.entry).where(*due).order_by(_e.due_at).limit(limit)).all()
    for row in rows:
        place = (_e.campaign == slug, _e.client_id == row.client_id, _e.entry == row.entry)
        connection.execute(update(enrolments).where(*place).values(due_at=None))
    return [row.client_id for row in rows]


def list_in_step(connection: Connection, slug: CampaignSlug, limit: int) -> list[ClientId]:
    """List the next clients who are in a step of the campaign, with a mail that is on its way or settled."""
    in_step = (_e.campaign == slug, _e.version.is_not(None), _e.state == EnrolmentState.IN_STEP)
    return list(connection.scalars(select(_e.client_id).where(*in_step).order_by(_e.client_id).limit(limit)))


def has_left(connection: Connection, slug: CampaignSlug, client_id: ClientId, n: int) -> bool:
    """Return whether the client left the campaign, as by reaching its goal, with mail `n` of theirs on its way."""
    query = select(_e.state).where(_e.campaign == slug, _e.client_id == client_id, _e.n == n, _e.version.is_not(None))
    return any(EnrolmentState(state) not in OPEN_PLACES for state in connection.scalars(query))
