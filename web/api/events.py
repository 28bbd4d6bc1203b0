"""`POST /v1/events`: accepts one event or up to a thousand, in any order; repeated events are stored once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Final

from fastapi import Depends, Request
from prometheus_client import Counter
from pydantic import Field, ValidationError

from domain.permissions import Action
from errors import BadInput
from ingest.faults import find_fault
from ingest.kinds import parse_event
from models.api_answers import EventRefusal, EventsAnswer
from models.events import MOST_EVENTS, Event, EventBatch
from models.visits import VisitEvent
from services.ingestion.events import ingest_events
from services.ingestion.intake import IntakeResult
from services.returns.settling import require_settled
from services.serving.item_server import ItemServer
from services.visits.visits import take_visit_events
from web.api.requests import RawBody, parse_json
from web.api.routing import create_router, declare_errors
from web.auth.callers import By
from web.auth.rules import needs
from web.context import Here

SentEvents = EventBatch | VisitEvent | Annotated[tuple[Event | VisitEvent, ...], Field(max_length=MOST_EVENTS)]
"""The body, as its schema declares it: events of clients, of visits, or of both."""

router: Final = create_router("events")
outcomes: Final = Counter("selvedge_events_total", "Events received, by result", ["outcome"])


@router.post("/events", status_code=202, responses=declare_errors(413), dependencies=[needs(Action.ACCEPT_EVENTS)])
def accept_events(
    request: Request, context: Here, actor: By, body: Annotated[bytes, Depends(RawBody(SentEvents))]
) -> EventsAnswer:
    """Accept events: 202 with the ids accepted, those already stored, and each refused one with its reason.

    An event of an anonymous visit has `session_id` in the place of `client_id`.
    503: somebody withdrew their consent while a mail to them was being handed over; all is stored, send it again.
    422: the body is not JSON or holds more than a thousand events; then nothing was stored.
    """
    good: list[tuple[int, Event]] = []
    of_visits: list[tuple[int, VisitEvent]] = []
    refused: list[EventRefusal] = []
    for index, event_data in enumerate(_list_events(parse_json(body))):
        try:
            if isinstance(event_data, dict) and "session_id" in event_data:
                of_visits.append((index, VisitEvent.model_validate(event_data)))
            else:
                good.append((index, parse_event(event_data)))
        except ValidationError as wrong:
            refused.append(_build_refusal(index, event_data, *find_fault(wrong)))
    batch, policy = [event for _, event in good], context.policy
    now, real_now = context.business_now(), context.real_now()
    results = [(good, ingest_events(context.engine, actor, batch, policy, now, real_now))]
    require_settled(context.engine, batch, context.settings.unsubscribe_wait_s)
    if of_visits:
        server: ItemServer = request.app.state.item_server
        visited = [event for _, event in of_visits]
        taken = take_visit_events(context.engine, actor, visited, policy, server.find_event_items, now, real_now)
        results.append((of_visits, taken))  # type: ignore[arg-type]  # only the places are read
    return _build_answer(results, refused)


def _build_answer(
    results: Sequence[tuple[Sequence[tuple[int, object]], IntakeResult]], refused: list[EventRefusal]
) -> EventsAnswer:
    for sent, result in results:
        refused += [_build_refusal(sent[one.index][0], one.event_id, one.field, one.reason) for one in result.refused]
    refused.sort(key=lambda refusal: refusal.index)
    accepted = [event_id for _, result in results for event_id in result.accepted]
    duplicates = [event_id for _, result in results for event_id in result.duplicates]
    count_outcomes(len(accepted), len(duplicates), len(refused))
    return EventsAnswer(accepted=accepted, duplicates=duplicates, refused=refused)


def count_outcomes(accepted: int, duplicates: int, refused: int) -> None:
    """Count what became of events that a caller or a page of the shop sent."""
    for outcome, count in (("accepted", accepted), ("duplicate", duplicates), ("refused", refused)):
        outcomes.labels(outcome).inc(count)


def _list_events(body: Any) -> list[Any]:
    """Return the events of a body: one event, a list of them, or {"events": [...]}."""
    if isinstance(body, dict):
        if "events" not in body:
            return [body]
        if set(body) != {"events"}:
            raise BadInput("holds other fields beside 'events'", "body")
        body = body["events"]
    if not isinstance(body, list):
        raise BadInput('must be an event, a list of events, or {"events": [...]}', "body")
    if len(body) > MOST_EVENTS:
        raise BadInput(f"holds {len(body):,} events; at most {MOST_EVENTS:,} are accepted at once", "events")
    return body


def _build_refusal(index: int, event_data: Any, field: str, reason: str) -> EventRefusal:
    identity = event_data.get("event_id") if isinstance(event_data, dict) else event_data
    event_id = identity if isinstance(identity, str) and len(identity) <= 64 else None
    return EventRefusal(index=index, event_id=event_id, field=field, reason=reason)
