"""`GET /v1/recommendations`: recommends items to a client by the slot `ranking` and records what was shown."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from models.base import ClientId
from models.slots import Code
from services.recommendations.recommender import Recommender
from store.database import read_transaction, write_transaction
from store.learning import decisions
from web.api.requests import require_api_key, respond_json
from web.context import WebContext, get_context

MOST: Final = 100

router: Final = APIRouter(prefix="/v1", dependencies=[Depends(require_api_key)])


@router.get("/recommendations")
async def recommend(
    request: Request, client_id: ClientId, n: Annotated[int, Query(ge=1, le=MOST)] = 10, context: Code = "web"
) -> Response:
    """Return the `n` best items, best first; fewer when no more may be shown.

    `context`: where they are shown, such as `web`. 404: nobody has this id.
    """
    recommender: Recommender = request.app.state.recommender
    return respond_json(await run_in_threadpool(_recommend, get_context(request), recommender, client_id, n, context))


def _recommend(
    context: WebContext, recommender: Recommender, client_id: ClientId, n: int, where: str
) -> dict[str, Any]:
    now = context.business_now()
    with read_transaction(context.engine) as connection:
        choice = recommender.recommend(connection, client_id, n, now, context=where)
    with write_transaction(context.engine) as connection:
        decision = decisions.save_decision(connection, choice.record, now, body=choice.body)
    source = {"algorithm": choice.algorithm, "version": choice.version, "variant": choice.record.variant}
    items = [pick.model_dump(mode="json", include={"item_id", "score", "why"}) for pick in choice.picks]
    return {"client_id": client_id, "decision": decision, **source, "items": items}
