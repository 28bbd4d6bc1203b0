"""`/refreshes`: the results of nightly training: challengers, champions and drift."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Depends, Request, Response

from domain.permissions import Disclosure
from store.database import read_transaction
from store.learning import refreshes
from web.auth.rules import needs
from web.context import WebContext, get_context
from web.templating import render_page

router: Final = APIRouter(include_in_schema=False)

NIGHTS: Final = 14


@router.get("/refreshes", dependencies=[needs(Disclosure.SHOP)])
def show_refreshes(request: Request, context: Annotated[WebContext, Depends(get_context)]) -> Response:
    """Show the latest nights, and the drift that the last finished one found."""
    with read_transaction(context.engine) as connection:
        nights = refreshes.list_latest(connection, NIGHTS)
    finished = next((night for night in nights if night.state == "done"), None)
    drift = sorted(finished.drift if finished else (), key=lambda feature: -feature.statistic)
    return render_page(request, "refreshes.html", nights=nights, done=finished, drift=drift)
