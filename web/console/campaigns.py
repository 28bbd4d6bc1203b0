"""`/campaigns` and `/campaigns/<slug>`: what each wants to say, to whom, how far it is and what it brings."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from errors import NotFound
from models.base import ID_PATTERN
from models.states import EnrolmentState
from store import pages
from store.campaigns import lift as campaign_lift
from store.database import read_transaction
from web.console.charts import slices
from web.console.lift_chart import lift_picture
from web.console.words import STATES
from web.context import Context, context_of
from web.templating import page

router = APIRouter(include_in_schema=False)

LIVE = "X-Live"
"""Header of a page's own question every few seconds, which does not count the lift anew."""

Ctx = Annotated[Context, Depends(context_of)]


@router.get("/campaigns")
def campaign_list(request: Request, context: Ctx) -> Response:
    """Every campaign, newest first."""
    with read_transaction(context.engine) as connection:
        campaigns = pages.campaign_list(connection)
    return page(request, "campaigns.html", campaigns=campaigns)


@router.get("/campaigns/{slug}")
def campaign(request: Request, context: Ctx, slug: Annotated[str, Path(pattern=ID_PATTERN)]) -> Response:
    """One campaign and its mails."""
    with read_transaction(context.engine) as connection:
        found = pages.campaign(connection, slug)
        mails = pages.campaign_mails(connection, slug)
        lift = (
            campaign_lift.lift(connection, slug, context.business_now())
            if found and LIVE not in request.headers
            else None
        )
    if found is None:
        raise NotFound(f"no campaign {slug}", "slug")
    return page(
        request,
        "campaign.html",
        campaign=found.row,
        enrolled=slices(found.enrolled, list(EnrolmentState)),
        states=slices(found.mails, list(STATES)),
        mails=mails,
        lift=lift,
        picture=lift_picture(lift.series) if lift else None,
    )
