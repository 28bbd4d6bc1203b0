"""`/campaigns/<slug>/versions`: read a version, what it changes, and let it out: submit, approve, schedule, start."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Annotated, Final

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from domain.permissions import Action, Disclosure
from errors import BadInput
from models.actors import Actor
from models.base import ID_PATTERN, CampaignSlug
from models.campaign_definition import ScheduleOrder, StartOrder
from models.states import CampaignState, VersionState
from services.campaigns import definitions
from services.campaigns.definitions import NOT_STARTED
from services.campaigns.version_reviews import load_review
from web.auth.rules import needs
from web.console.acting import build_form_token, receive_form
from web.console.journey_words import describe_steps, say_entry
from web.console.simulations import find_glance
from web.context import Here, WebContext
from web.templating import render_page

router: Final = APIRouter(include_in_schema=False)

PAGE: Final = "/campaigns/{slug}/versions"
SlugPath = Annotated[CampaignSlug, Path(pattern=ID_PATTERN)]
ACTS: Final = needs(Action.SUBMIT_CAMPAIGN, Action.APPROVE_CAMPAIGN, Action.START_CAMPAIGN)


@router.get(PAGE, dependencies=[needs(Disclosure.SHOP)])
def show_version(
    request: Request, context: Here, slug: SlugPath, version: Annotated[int | None, Query(ge=1, le=100_000)] = None
) -> Response:
    """Show a version of a campaign, the newest where none is named, and what it changes."""
    return _render(request, context, slug, version)


@router.post(PAGE, dependencies=[ACTS])
async def act_on_version(request: Request, context: Here, slug: SlugPath) -> Response:
    """Submit, approve, send back, schedule or start the newest version; a refusal comes back to the page."""
    form = await receive_form(request, "versions", slug)
    return await run_in_threadpool(_act, request, context, slug, form.actor, form.fields)


def _act(
    request: Request, context: WebContext, slug: CampaignSlug, actor: Actor, fields: Mapping[str, str]
) -> Response:
    act, version = fields.get("act", ""), fields.get("version", "")
    number = int(version) if version.isdecimal() and len(version) < 7 else None
    try:
        _carry_out(context, slug, actor, act, number, fields)
    except BadInput as refused:
        return _render(request, context, slug, number, refused, fields)
    return RedirectResponse(f"/campaigns/{slug}/versions?done={act}", status_code=303)


def _carry_out(
    context: WebContext, slug: CampaignSlug, actor: Actor, act: str, version: int | None, fields: Mapping[str, str]
) -> None:
    engine, now, real_now = context.engine, context.business_now(), context.real_now()
    match act:
        case "submit":
            definitions.submit_version(engine, actor, slug, now, real_now, version)
        case "approve" | "send_back":
            definitions.decide_version(engine, actor, slug, version or 0, act, now, real_now)
        case "schedule":
            order = ScheduleOrder(start_at=_read_moment(fields.get("start_at", "")))
            definitions.schedule_version(engine, actor, slug, order.start_at, now, real_now)
        case "start":
            takeover = "move" if fields.get("in_it") == "move" else "stay"
            start = StartOrder(in_it=takeover)
            definitions.start_version(engine, actor, slug, now, real_now, start.in_it, {})
        case _:
            raise BadInput("choose what to do", "act")


def _read_moment(text: str) -> datetime:
    """Read a moment of the shop's business time, in UTC. Raises BadInput."""
    try:
        return datetime.fromisoformat(text).replace(tzinfo=UTC)
    except ValueError:
        raise BadInput("give a day and a time", "start_at") from None


def _render(
    request: Request,
    context: WebContext,
    slug: CampaignSlug,
    version: int | None,
    refused: BadInput | None = None,
    fields: Mapping[str, str] | None = None,
) -> Response:
    review = load_review(context.engine, slug, version)
    newest = review.row.version == review.rows[0].version
    return render_page(
        request,
        "campaign_versions.html",
        422 if refused else 200,
        campaign=review.campaign,
        row=review.row,
        rows=review.rows,
        text=review.text,
        changes=review.changes,
        entry=say_entry(review.row.definition),
        steps=describe_steps(review.row.definition, review.people),
        newest=newest,
        glance=find_glance(context, slug, review.row.version),
        holdout_share=context.settings.holdout_share,
        started=review.campaign.state not in NOT_STARTED,
        over=review.campaign.state in (CampaignState.FINISHING, CampaignState.FINISHED, CampaignState.ENDED),
        states=VersionState,
        fields=fields or {},
        wrong=(refused.field or "") if refused else "",
        reason=refused.reason if refused else "",
        token=build_form_token(request, "versions", slug),
    )
