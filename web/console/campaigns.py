"""`/campaigns` and `/campaigns/<slug>`: each campaign's message, audience, progress and lift."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from domain.permissions import Disclosure
from errors import NotFound
from models.base import ID_PATTERN, CampaignSlug
from models.lift import CampaignLift
from models.states import EnrolmentState
from services.campaigns.lift import measure_lift
from services.campaigns.version_reviews import VersionReview, load_review
from store.campaigns.campaigns import CampaignRow
from store.campaigns.lists import find_campaign_counts, list_campaign_counts, list_campaign_mails
from store.database import read_transaction
from web.auth.rules import needs
from web.console.charts import build_slices
from web.console.journey_words import describe_steps, say_entry
from web.console.labels import STATES
from web.console.lift_chart import build_lift_picture
from web.console.simulations import find_glance
from web.context import WebContext, get_context
from web.templating import render_page

router = APIRouter(include_in_schema=False)

LIVE = "X-Live"
"""Header of the page's own requests every few seconds, for which the lift is not computed again."""

Ctx = Annotated[WebContext, Depends(get_context)]


@router.get("/campaigns", dependencies=[needs(Disclosure.SHOP)])
def show_campaigns(request: Request, context: Ctx) -> Response:
    """List every campaign, newest first."""
    with read_transaction(context.engine) as connection:
        campaigns = list_campaign_counts(connection)
    return render_page(request, "campaigns.html", campaigns=campaigns)


@router.get("/campaigns/{slug}", dependencies=[needs(Disclosure.SHOP)])
def show_campaign(request: Request, context: Ctx, slug: Annotated[str, Path(pattern=ID_PATTERN)]) -> Response:
    """Show one campaign and its mails."""
    with read_transaction(context.engine) as connection:
        campaign = find_campaign_counts(connection, slug)
        mails = list_campaign_mails(connection, slug)
    if campaign is None:
        raise NotFound(f"no campaign {slug}", "slug")
    review = _find_review(context, campaign.row)
    lift = None if LIVE in request.headers else _measure_lift(context, slug)
    return render_page(
        request,
        "campaign.html",
        campaign=campaign.row,
        enrolled=build_slices(campaign.enrolled, list(EnrolmentState)),
        states=build_slices(campaign.mails, list(STATES)),
        mails=mails,
        review=review,
        entry=say_entry(review.row.definition) if review else "",
        steps=describe_steps(review.row.definition, review.people) if review else [],
        lift=lift,
        picture=build_lift_picture(lift.series) if lift else None,
        holdout_share=context.settings.holdout_share,
        glance=None if LIVE in request.headers else find_glance(context, slug),
    )


def _measure_lift(context: WebContext, slug: CampaignSlug) -> CampaignLift:
    return measure_lift(context.engine, slug, context.settings.holdout_share, context.business_now())


def _find_review(context: WebContext, row: CampaignRow) -> VersionReview | None:
    """Find the version that runs, or the newest of a campaign that has not started; none for a campaign of one mail."""
    try:
        return load_review(context.engine, row.slug, row.running_version)
    except NotFound:
        return None
