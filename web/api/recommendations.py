"""`GET /v1/recommendations`: recommends items to a client by the slot `ranking` and records what was shown."""

from __future__ import annotations

from typing import Annotated, Any, Final

import orjson
from fastapi import Query, Request, Response

from domain.permissions import Disclosure
from models.api_answers import RecommendationsAnswer
from models.recommendation_requests import RecommendationQuery
from services.serving.item_server import ItemServer, ServedItems
from web.api.routing import QuickRoute, create_router, declare_errors
from web.auth.rules import needs

router: Final = create_router("recommendations", route_class=QuickRoute)


@router.get(
    "/recommendations",
    response_model=RecommendationsAnswer,
    responses=declare_errors(404),
    dependencies=[needs(Disclosure.RECOMMENDATIONS)],
)
async def recommend_items(request: Request, query: Annotated[RecommendationQuery, Query()]) -> Response:
    """Return the `n` best items for a page, best first; fewer when no more may be shown.

    `context`: `home` (the client's best with some new ones), `product` (what is like `item_id`, and what is worn with
    it), `cart` (what is worn with the items of `cart`) or `email` (the best alone). The answer waits for the database
    only for a client who is not in memory, at most SELVEDGE_RECOMMENDATION_DEADLINE_MS; `degraded` says what was
    missing then. 404: nobody has this id, or no item or category.
    """
    server: ItemServer = request.app.state.item_server
    served = await server.serve(query)
    whys = await server.explain(served) if query.explain else {}
    return Response(orjson.dumps(_build_answer(query, served, whys)), media_type="application/json")


def _build_answer(query: RecommendationQuery, served: ServedItems, whys: dict[str, str]) -> dict[str, Any]:
    """Build a RecommendationsAnswer as plain values: building and checking the model takes longer than all else."""
    record = served.source.origin.record
    items: list[dict[str, Any]] = [{"item_id": item_id, "score": score} for item_id, score in served.items]
    for item in items if query.explain else ():
        item["why"] = whys[item["item_id"]]
    return {
        "client_id": query.client_id,
        "session_id": query.session_id,
        "decision": served.decision,
        "algorithm": record.algorithm,
        "version": record.version,
        "variant": record.variant,
        "context": query.context.value,
        "items": items,
        "degraded": served.degraded,
        "flags": served.flags.arms,
        "shown": served.flags.effect.shown,
        "delay_ms": served.flags.effect.delay_ms or 0,
    }
