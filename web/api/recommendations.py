"""`GET /v1/recommendations`: recommends items to a client by the slot `ranking` and records what was shown."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Query, Request

from models.api_answers import RecommendationsAnswer
from models.base import ClientId
from models.slots import Code
from services.recommendations.served import recommend_to_client
from web.api.routing import create_router, declare_errors
from web.context import Here

MOST: Final = 100

router: Final = create_router("recommendations")


@router.get("/recommendations", responses=declare_errors(404))
def recommend_items(
    request: Request,
    here: Here,
    client_id: ClientId,
    n: Annotated[int, Query(ge=1, le=MOST)] = 10,
    context: Code = "web",
) -> RecommendationsAnswer:
    """Return the `n` best items, best first; fewer when no more may be shown.

    `context`: where they are shown, such as `web`. 404: nobody has this id.
    """
    recommender = request.app.state.recommender
    return recommend_to_client(here.engine, recommender, client_id, n, here.business_now(), context)
