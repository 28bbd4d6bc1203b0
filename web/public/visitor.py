"""`/s.js` and `/visitor/...`: what a page of the shop asks and sends by itself, for anonymous visits, without a key.

Only pages of the origins that SELVEDGE_SHOP_ORIGINS names may ask, and our own. A visit is known by its signed id alone
(docs/visits.md), and nothing here tells anything of a client.
"""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Final

import orjson
from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import TypeAdapter, ValidationError

from algorithms.blending.catalogue import Catalogue
from errors import BadInput, Forbidden, TooLarge
from ingest.faults import find_fault
from models.base import Id, ItemId, StrictInput
from models.recommendation_requests import PageContext, RecommendationQuery
from models.search_requests import SearchQuery
from models.visits import VisitEvent, VisitId, VisitStart
from services.serving.item_server import ItemServer
from services.visits.visits import start_visit, take_visit_events
from web.actors import VISITOR
from web.api.events import count_outcomes
from web.api.requests import parse_json
from web.context import Here, WebContext
from web.public.origins import find_origin, list_cors_headers
from web.templating import WEB_FOLDER

router: Final = APIRouter(include_in_schema=False)

SCRIPT: Final = WEB_FOLDER / "static" / "visit.js"
MOST_EVENTS: Final = 50
"""Events of one request: a page sends a few at a time."""
LARGEST: Final = 20_000
"""Bytes of a body."""


class PageEvent(StrictInput):
    """What a visitor did just now: a visit's event without its time, since nobody's clock is to be believed."""

    event_id: Id
    session_id: VisitId
    type: str
    item_id: ItemId | None = None
    query: str | None = None


class PlacementQuery(StrictInput):
    """What a placement shows. Without `session_id`: what everybody takes. `placement`: its name, for flags."""

    session_id: VisitId | None = None
    context: PageContext = PageContext.HOME
    item_id: ItemId | None = None
    cart: tuple[ItemId, ...] = ()
    n: int = 6
    placement: str = ""


_EVENTS: Final[TypeAdapter[list[PageEvent]]] = TypeAdapter(list[PageEvent])


@router.get("/s.js")
def get_script() -> Response:
    """Return the script that shops put into their pages."""
    return Response(_load_script(), media_type="text/javascript", headers={"Cache-Control": "public, max-age=3600"})


@cache
def _load_script() -> str:
    """Load the script without what only its reader needs: indents and lines of comment."""
    lines = (line.strip() for line in SCRIPT.read_text(encoding="utf-8").splitlines())
    return "\n".join(line for line in lines if line and not line.startswith("//"))


@router.post("/visitor/session")
async def start(request: Request, context: Here) -> Response:
    """Start a visit of somebody who agreed to be remembered for it."""
    origin = _require_origin(request)
    wish = _parse(VisitStart, await _read_body(request))
    settings = context.settings
    session_id = start_visit(settings.keys.signing, personalisation=wish.personalisation)
    return _answer({"session_id": session_id, "hours": settings.visit_hours}, origin)


@router.post("/visitor/events")
async def take_events(request: Request, context: Here) -> Response:
    """Take in what a visitor did: 202, with the ids of the events that are in."""
    origin = _require_origin(request)
    server: ItemServer = request.app.state.item_server
    now = context.business_now()
    try:
        sent = _EVENTS.validate_python(await _read_body(request))
        events = [VisitEvent.model_validate({**dict(event), "occurred_at": now.isoformat()}) for event in sent]
    except ValidationError as wrong:
        fault = find_fault(wrong)
        raise BadInput(fault.reason, fault.field or "body") from None
    if len(events) > MOST_EVENTS:
        raise TooLarge(f"holds {len(events)} events; at most {MOST_EVENTS} are accepted at once", "body")
    clocks = (now, context.real_now())
    taken = await run_in_threadpool(
        take_visit_events, context.engine, VISITOR, events, context.policy, server.find_event_items, *clocks
    )
    count_outcomes(len(taken.accepted), len(taken.duplicates), len(taken.refused))
    refused = [{"event_id": one.event_id, "reason": f"{one.field}: {one.reason}"} for one in taken.refused]
    return _answer({"accepted": taken.accepted, "duplicates": taken.duplicates, "refused": refused}, origin, 202)


@router.get("/visitor/items")
async def list_items(request: Request, context: Here, query: Annotated[PlacementQuery, Query()]) -> Response:
    """List the items of a placement, with what a page shows of them."""
    origin = _require_origin(request)
    server: ItemServer = request.app.state.item_server
    fields = query.model_dump(exclude_none=True, exclude={"session_id"})
    nobody = start_visit(context.settings.keys.signing, personalisation=False)
    asked = _parse(RecommendationQuery, {**fields, "session_id": query.session_id or nobody})
    served = await server.serve(asked)
    catalogue = request.app.state.recommender.peek_state().blend.catalogue
    items = [_show(catalogue, item_id, context) for item_id, _ in served.items if item_id in catalogue.index]
    delay_ms = served.flags.effect.delay_ms or 0
    return _answer({"items": items, "degraded": served.degraded, "delay_ms": delay_ms}, origin)


@router.get("/visitor/search")
async def search(request: Request, context: Here, query: Annotated[SearchQuery, Query()]) -> Response:
    """Search the catalogue: as `GET /v1/search`, for visits alone."""
    origin = _require_origin(request)
    if query.client_id is not None:
        raise BadInput("is known to the shop's server alone; ask GET /v1/search there", "client_id")
    server: ItemServer = request.app.state.item_server
    answer = await server.search_items(query)
    catalogue = request.app.state.recommender.peek_state().blend.catalogue
    shown = answer.model_dump(mode="json")
    shown["items"] = [one | _show(catalogue, one["item_id"], context) for one in shown["items"]]
    return _answer(shown, origin)


def _show(catalogue: Catalogue, item_id: str, context: WebContext) -> dict[str, Any]:
    item, settings = catalogue.items[catalogue.index[item_id]], context.settings
    base = settings.base_url
    return {
        "item_id": item_id,
        "title": item.title,
        "price": f"{item.price_cents / 100:.2f}",
        "currency": settings.shop_currency,
        "url": item.url or f"{settings.shop_url.rstrip('/') or base + '/shop'}/{item_id}",
        "image_url": f"{base}/pictures/{item_id}.svg",
    }


def _require_origin(request: Request) -> str:
    """Return the origin of the page that asks. Raises Forbidden for one that is not named."""
    origin = find_origin(request)
    if origin is not None:
        return origin
    raise Forbidden("pages of this origin may not ask here: SELVEDGE_SHOP_ORIGINS names those that may")


async def _read_body(request: Request) -> Any:
    body = await request.body()
    if len(body) > LARGEST:
        raise TooLarge(f"is over {LARGEST:,} bytes", "body")
    return parse_json(body)


def _parse(model: Any, value: Any) -> Any:
    try:
        return model.model_validate(value)
    except ValidationError as wrong:
        fault = find_fault(wrong)
        raise BadInput(fault.reason, fault.field or "body") from None


def _answer(value: Any, origin: str, status: int = 200) -> Response:
    return Response(orjson.dumps(value), status, list_cors_headers(origin), "application/json")
