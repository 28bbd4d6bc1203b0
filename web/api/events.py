"""`POST /v1/events`: accepts one event or up to a thousand, in any order; repeated events are stored once."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Depends
from prometheus_client import Counter
from pydantic import ValidationError

from errors import BadInput
from ingest.faults import find_fault
from ingest.kinds import parse_event
from models.api_answers import EventRefusal, EventsAnswer
from models.events import MOST_EVENTS, Event, EventBatch
from services.ingestion.events import ingest_events
from services.returns.settling import require_settled
from web import actors
from web.api.requests import RawBody, parse_json
from web.api.routing import create_router, declare_errors
from web.context import Here

router: Final = create_router("events")
outcomes: Final = Counter("selvedge_events_total", "Events received, by result", ["outcome"])


@router.post("/events", status_code=202, responses=declare_errors(413))
def accept_events(context: Here, body: Annotated[bytes, Depends(RawBody(EventBatch))]) -> EventsAnswer:
    """Accept events: 202 with the ids accepted, those already stored, and each refused one with its reason.

    503: somebody withdrew their consent while a mail to them was being handed over; all is stored, send it again.
    422: the body is not JSON or holds more than a thousand events; then nothing was stored.
    """
    good: list[tuple[int, Event]] = []
    refused: list[EventRefusal] = []
    for index, event_data in enumerate(_list_events(parse_json(body))):
        try:
            good.append((index, parse_event(event_data)))
        except ValidationError as wrong:
            refused.append(_build_refusal(index, event_data, *find_fault(wrong)))
    batch, policy = [event for _, event in good], context.policy
    now, real_now = context.business_now(), context.real_now()
    result = ingest_events(context.engine, actors.API, batch, policy, now, real_now)
    require_settled(context.engine, batch, context.settings.unsubscribe_wait_s)
    refused += [
        _build_refusal(good[refusal.index][0], refusal.event_id, refusal.field, refusal.reason)
        for refusal in result.refused
    ]
    refused.sort(key=lambda refusal: refusal.index)
    for outcome, count in (("accepted", result.accepted), ("duplicate", result.duplicates), ("refused", refused)):
        outcomes.labels(outcome).inc(len(count))
    return EventsAnswer(accepted=result.accepted, duplicates=result.duplicates, refused=refused)


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
