"""`/mails`: the mails that stand in a state, such as those that failed, or of which nobody knows more."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from domain.permissions import Disclosure
from store.database import read_transaction
from store.mail.lists import count_mails_by_state, list_mails_in_state, list_recent_mails
from web.auth.rules import needs
from web.console.charts import build_slices
from web.console.labels import STATES
from web.context import Here
from web.templating import render_page

router: Final = APIRouter(include_in_schema=False)


@router.get("/mails", dependencies=[needs(Disclosure.SHOP)])
def show_mails(request: Request, context: Here, state: Annotated[str, Query(max_length=20)] = "") -> Response:
    """List mails by state; without one, the latest of all."""
    chosen = state if state in STATES else ""
    counts = context.counts.read(count_mails_by_state)
    with read_transaction(context.engine) as connection:
        mails = list_mails_in_state(connection, chosen) if chosen else list_recent_mails(connection, 50)
    return render_page(request, "mails.html", states=build_slices(counts, list(STATES)), mails=mails, state=chosen)
