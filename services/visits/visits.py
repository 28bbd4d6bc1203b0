"""Take in what anonymous visitors do, and join a visit to the client who signs in."""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import Connection, Engine

from domain import permissions
from domain.intake import TOLERANCE, Refusal
from domain.permissions import Action
from domain.visit_ids import CHANCE_BYTES, build_visit_id, find_visit_key, is_ours, is_visit_key, may_be_remembered
from errors import BadInput, NotFound
from models.actors import Actor, Subject, SubjectKind
from models.base import ClientId
from models.events import EVENT, Event
from models.visits import VisitEvent, VisitJoinAnswer
from services.ingestion.intake import IntakeResult, accept_events
from store.activity import write_activity
from store.clients.interactions import load_signals
from store.database import write_transaction
from store.experiments.assignments import keep_for_client, list_assignments
from store.experiments.flags import list_running
from store.mail.policy import ShopPolicy
from store.visits.visits import VisitRow, delete_visit, load_known, load_visits, save_rows

EVENTS: Final = Subject(kind=SubjectKind.DATA, id="events")
MOST_STORED: Final = 1_000
"""Events that are kept of one visit, five times as many as count: whoever sends without end fills no table."""
FindItems = Callable[[VisitEvent], list[str]]
"""Finds the items of an event: its own, or what its words find. Raises BadInput naming the field at fault."""


def start_visit(signing_key: str, *, personalisation: bool) -> str:
    """Start a visit; nothing is kept of it yet."""
    return build_visit_id(os.urandom(CHANCE_BYTES), signing_key, remembered=personalisation)


def require_visit(visit_id: str, signing_key: str) -> str:
    """Return the key of a visit. Raises BadInput for an id that we did not give."""
    if not is_ours(visit_id, signing_key):
        raise BadInput("is none of ours; take one from POST /v1/sessions", "session_id")
    return find_visit_key(visit_id)


def require_no_visit(client_id: ClientId) -> ClientId:
    """Return the client's id. Raises NotFound for the key of a visit, for which only its signed id stands."""
    if is_visit_key(client_id):
        raise NotFound("no client has this id", "client_id")
    return client_id


def take_visit_events(
    engine: Engine,
    actor: Actor,
    batch: Sequence[VisitEvent],
    policy: ShopPolicy,
    find_items: FindItems,
    now: datetime,
    real_now: datetime,
) -> IntakeResult:
    """Take in events of visits in one transaction; one that is there already is a duplicate. Raises NotAllowed."""
    permissions.require(actor, Action.ACCEPT_EVENTS)
    checked = _check_events(batch, policy, find_items, now)  # a search takes its time, and no writer waits for it
    with write_transaction(engine) as connection:
        return _save_checked(connection, actor, checked, now, real_now)


def save_visit_events(
    connection: Connection,
    actor: Actor,
    batch: Sequence[VisitEvent],
    policy: ShopPolicy,
    find_items: FindItems,
    now: datetime,
    real_now: datetime,
) -> IntakeResult:
    """Take in events of visits within a transaction that writes. Raises NotAllowed."""
    permissions.require(actor, Action.ACCEPT_EVENTS)
    return _save_checked(connection, actor, _check_events(batch, policy, find_items, now), now, real_now)


class _CheckedEvents(NamedTuple):
    """Events of visits: those that may be stored, by visit and event id, where each stood, refused ones, and ids that
    came twice."""

    rows: dict[tuple[str, str], VisitRow]
    places: dict[tuple[str, str], int]
    refused: list[Refusal]
    duplicates: list[str]


def _check_events(
    batch: Sequence[VisitEvent], policy: ShopPolicy, find_items: FindItems, now: datetime
) -> _CheckedEvents:
    rows: dict[tuple[str, str], VisitRow] = {}
    places: dict[tuple[str, str], int] = {}
    refused: list[Refusal] = []
    duplicates: list[str] = []
    for index, event in enumerate(batch):
        try:
            row = _build_row(event, policy.signing_key, find_items, now)
        except BadInput as wrong:
            refused.append(Refusal(index, event.event_id, wrong.field or "", wrong.reason))
            continue
        if rows.setdefault((row.visit, row.event_id), row) is row:
            places[row.visit, row.event_id] = index
        else:
            duplicates.append(row.event_id)
    return _CheckedEvents(rows, places, refused, duplicates)


def _save_checked(
    connection: Connection, actor: Actor, checked: _CheckedEvents, now: datetime, real_now: datetime
) -> IntakeResult:
    """Save what is new. The log of changes has a row where visits begin, and none for each page of theirs."""
    rows, _, refused, duplicates = checked
    known = load_known(connection, rows.values())
    counts = Counter(visit for visit, _ in known)
    fresh: list[VisitRow] = []
    for key, row in rows.items():
        if key in known:
            continue
        if counts[row.visit] >= MOST_STORED:
            index = checked.places[key]
            refused.append(
                Refusal(index, row.event_id, "session_id", f"holds {MOST_STORED:,} events: no more are kept")
            )
            continue
        counts[row.visit] += 1
        fresh.append(row)
    save_rows(connection, fresh)
    if begun := {row.visit for row in fresh} - {visit for visit, _ in known}:
        data = {"accepted": len(fresh), "refused": len(refused), "visits": len(begun)}
        write_activity(connection, actor, Action.ACCEPT_EVENTS, EVENTS, now, real_now, data)
    stored = [event_id for _, event_id in rows.keys() & known]
    return IntakeResult([row.event_id for row in fresh], [*duplicates, *stored], refused)


def _build_row(event: VisitEvent, signing_key: str, find_items: FindItems, now: datetime) -> VisitRow:
    visit = require_visit(event.session_id, signing_key)
    if not may_be_remembered(event.session_id):
        raise BadInput("belongs to a visitor who did not agree to be remembered", "session_id")
    if event.occurred_at > now + TOLERANCE:
        raise BadInput("lies ahead of business time", "occurred_at")
    return VisitRow(visit, event.event_id, event.type, find_items(event), event.occurred_at)


def join_visit(
    engine: Engine,
    actor: Actor,
    visit_id: str,
    client_id: str,
    policy: ShopPolicy,
    hours: float,
    now: datetime,
    real_now: datetime,
) -> VisitJoinAnswer:
    """Make what a visit did the client's own, where the client allows personalisation; the visit is deleted either way.

    Raises NotFound for an unknown client, BadInput for a visit that is none, and NotAllowed.
    """
    permissions.require(actor, Action.ACCEPT_EVENTS)
    visit = require_visit(visit_id, policy.signing_key)
    with write_transaction(engine) as connection:
        personal = load_signals(connection, client_id, now).personal
        rows = load_visits(connection, [visit], now - timedelta(hours=hours)).get(visit, [])
        events = [_build_event(row, client_id) for row in rows] if personal else []
        taken = accept_events(connection, events, policy, now, real_now)
        _keep_arms(connection, visit, client_id, personal=personal)
        deleted = delete_visit(connection, visit)
        joined = len(taken.accepted)
        data = {"accepted": joined, "refused": deleted - joined}
        write_activity(connection, actor, Action.ACCEPT_EVENTS, EVENTS, now, real_now, data)
    return VisitJoinAnswer(client_id=client_id, joined=joined, dropped=deleted - joined)


def _keep_arms(connection: Connection, visit: str, client_id: str, *, personal: bool) -> None:
    """Let a client stay in the arms that they saw as a visitor, but for namespaces in which they have one already."""
    spaces = {row.slug: row.definition.namespace for row in list_running(connection)}
    had = {spaces[row.experiment] for row in list_assignments(connection, client_id) if row.experiment in spaces}
    wanted = [slug for slug, namespace in spaces.items() if personal and namespace not in had]
    keep_for_client(connection, visit, client_id, wanted)


def _build_event(row: VisitRow, client_id: str) -> Event:
    of_item = {} if row.type == "searched" else {"item_id": row.items[0]}
    event_id = hashlib.sha256(f"{row.visit}/{row.event_id}".encode()).hexdigest()[:32]  # no two visits share one
    fields = {"event_id": event_id, "client_id": client_id, "type": row.type, "occurred_at": row.at.isoformat()}
    event: Event = EVENT.validate_python(fields | of_item)
    return event
