"""`/activity`: who changed what, found by person, action, subject and day; and the same as CSV."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse

from domain.permissions import Action, Disclosure
from errors import BadInput
from ingest.faults import parse_model
from models.activity_queries import ActivityQuery
from models.actors import Activity, Channel, SubjectKind
from models.base import ClientId
from services.activity.lists import find_changes, split_change, write_csv
from store.activity import list_actor_names
from store.database import read_transaction
from web.auth.rules import needs
from web.console.action_labels import DONE_ACTIONS
from web.console.fields import explain_refusal
from web.console.names import name_campaigns, name_clients
from web.context import Here
from web.templating import render_page

router: Final = APIRouter(include_in_schema=False)
FIELDS: Final = ("who", "action", "kind", "id", "client", "channel", "before")


@router.get("/activity", dependencies=[needs(Disclosure.ACTIVITY)])
def show_activity(request: Request, context: Here) -> Response:
    """List a hundred changes, with what stood before and what stands after."""
    asked, wrong = dict(request.query_params), ""
    try:
        query = parse_search(asked)
    except BadInput as refused:
        query, wrong = ActivityQuery(), explain_refusal(refused)
    page = find_changes(context.engine, query)
    with read_transaction(context.engine) as connection:
        people = list_actor_names(connection)
    return render_page(
        request,
        "activity.html",
        422 if wrong else 200,
        page=page,
        clients=name_clients(context.engine, filter(None, map(_find_client, page.changes))),
        campaigns=name_campaigns(context.engine, _list_campaigns(page.changes)),
        split=split_change,
        asked=asked,
        people=people,
        actions=sorted(Action),
        action_labels=DONE_ACTIONS,
        kinds=list(SubjectKind),
        channels=list(Channel),
        wrong=wrong,
    )


@router.get("/activity.csv", dependencies=[needs(Disclosure.ACTIVITY)])
def export_activity(request: Request, context: Here) -> Response:
    """Write the same changes, and all further pages of them, as CSV."""
    query = parse_search(dict(request.query_params))
    headers = {"Content-Disposition": 'attachment; filename="activity.csv"'}
    return StreamingResponse(write_csv(context.engine, query), media_type="text/csv; charset=utf-8", headers=headers)


def _find_client(change: Activity) -> ClientId | None:
    return change.subject.client_id or (change.subject.id if change.subject.kind is SubjectKind.CLIENT else None)


def _list_campaigns(changes: Iterable[Activity]) -> list[str]:
    return [one.subject.id for one in changes if one.subject.kind is SubjectKind.CAMPAIGN]


def parse_search(asked: Mapping[str, str]) -> ActivityQuery:
    """Parse the fields of the search; a day counts from its beginning to its end in UTC. Raises BadInput."""
    values: dict[str, Any] = {name: asked[name].strip() for name in FIELDS if asked.get(name, "").strip()}
    for field, days in (("since", 0), ("until", 1)):
        if text := asked.get(field, "").strip():
            values[field] = (_parse_day(text, field) + timedelta(days=days)).isoformat()
    return parse_model(ActivityQuery, values)


def _parse_day(text: str, field: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError:
        raise BadInput("is no day such as 2026-11-21", field) from None
