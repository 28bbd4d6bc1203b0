"""`/refreshes`: what each night came to: who was tried, who serves, what has drifted."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response

from store.database import read_transaction
from store.learning import refreshes
from web.context import Context, context_of
from web.templating import page

router: Final = APIRouter(include_in_schema=False)

NIGHTS: Final = 14


@router.get("/refreshes")
def refresh_list(request: Request, context: Annotated[Context, Depends(context_of)]) -> Response:
    """The latest nights, and the drift that the last finished one saw."""
    with read_transaction(context.engine) as connection:
        nights = refreshes.latest(connection, NIGHTS)
    done = next((night for night in nights if night.state == "done"), None)
    drift = sorted(done.drift if done else (), key=lambda each: -each.statistic)
    return page(request, "refreshes.html", nights=nights, done=done, drift=drift)
