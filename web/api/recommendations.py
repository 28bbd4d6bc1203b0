"""`GET /v1/recommendations`: what to show a client, by the slot `ranking`, recorded as shown."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from models.base import ClientId
from models.slots import Code
from services.recommendations.recommender import Recommender
from store.database import read_transaction, write_transaction
from store.learning import decisions
from web.api.requests import answer, authorised
from web.context import Context, context_of

MOST: Final = 100

router: Final = APIRouter(prefix="/v1", dependencies=[Depends(authorised)])


@router.get("/recommendations")
async def recommend(
    request: Request, client_id: ClientId, n: Annotated[int, Query(ge=1, le=MOST)] = 10, context: Code = "web"
) -> Response:
    """The `n` best items, best first; fewer when no more may be shown. `context`: where they are shown, such as `web`.

    404: nobody has this id.
    """
    recommender: Recommender = request.app.state.recommender
    return answer(await run_in_threadpool(_made, context_of(request), recommender, client_id, n, context))


def _made(context: Context, recommender: Recommender, client_id: ClientId, n: int, where: str) -> dict[str, Any]:
    now = context.business_now()
    with read_transaction(context.engine) as connection:
        made = recommender.recommend(connection, client_id, n, now, context=where)
    with write_transaction(context.engine) as connection:
        decision = decisions.keep(connection, made.record, now, body=made.body)
    told = {"algorithm": made.algorithm, "version": made.version, "variant": made.record.variant}
    items = [pick.model_dump(mode="json", include={"item_id", "score", "why"}) for pick in made.picks]
    return {"client_id": client_id, "decision": decision, **told, "items": items}
