"""`GET /v1/search` and `GET /v1/search/suggest`: the items that answer what somebody typed."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query, Request, Response

from domain.permissions import Disclosure
from models.search_answers import SearchAnswer, SuggestAnswer
from models.search_requests import SearchQuery, SuggestQuery
from services.serving.item_server import ItemServer
from web.api.routing import QuickRoute, create_router, declare_errors
from web.auth.rules import needs

router: Final = create_router("search", route_class=QuickRoute)


@router.get(
    "/search",
    response_model=SearchAnswer,
    responses=declare_errors(404),
    dependencies=[needs(Disclosure.RECOMMENDATIONS)],
)
async def search_items(request: Request, query: Annotated[SearchQuery, Query()]) -> Response:
    """Find items by words, filters or both; counts by facet; with `client_id` in the client's own order.

    A word that nothing holds is corrected (`corrected`); where nothing answers to all words, items that answer to most
    are found (`relaxed`). 404: nobody has this id. 503: the catalogue is being indexed, right after a start.
    """
    server: ItemServer = request.app.state.item_server
    return _respond(await server.search_items(query))


@router.get("/search/suggest", response_model=SuggestAnswer, dependencies=[needs(Disclosure.RECOMMENDATIONS)])
async def suggest_searches(request: Request, query: Annotated[SuggestQuery, Query()]) -> Response:
    """Complete what somebody is typing: searches and items. 503: the catalogue is being indexed."""
    server: ItemServer = request.app.state.item_server
    return _respond(await server.suggest_searches(query))


def _respond(answer: SearchAnswer | SuggestAnswer) -> Response:
    return Response(answer.model_dump_json(), media_type="application/json")
