"""`/v1/campaigns`: campaigns paused, changed, resumed and ended, and who is in them, by the shop's systems."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Query

from domain.permissions import Action, Disclosure
from models.actors import Actor
from models.campaign import (
    CampaignCommand,
    CampaignProgress,
    PauseRequest,
    ResumeRequest,
    SteeredCampaign,
)
from models.campaign_definition import CampaignAdjustment
from models.campaign_people import CampaignPeople, EnrolOrder, EnrolResult, RetryOrder, RetryResult
from models.lift import CampaignLift
from models.states import EnrolmentState
from services.campaigns import choosing, lift, people, steering
from services.campaigns.lists import load_progress
from services.campaigns.rewording import reword_step
from web.api.requests import JsonBody
from web.api.routing import CampaignPath, create_router, declare_errors
from web.auth.callers import By
from web.auth.rules import needs
from web.context import Here, WebContext

router: Final = create_router("campaigns")

Pause = Annotated[PauseRequest, Depends(JsonBody(PauseRequest, required=False))]
Resume = Annotated[ResumeRequest, Depends(JsonBody(ResumeRequest, required=False))]
Change = Annotated[CampaignAdjustment, Depends(JsonBody(CampaignAdjustment))]
Enrol = Annotated[EnrolOrder, Depends(JsonBody(EnrolOrder))]
Retry = Annotated[RetryOrder, Depends(JsonBody(RetryOrder, required=False))]


@router.get("/campaigns/{slug}/progress", responses=declare_errors(404), dependencies=[needs(Disclosure.SHOP)])
def get_progress(context: Here, slug: CampaignPath) -> CampaignProgress:
    """Count where the clients and mails of a campaign stand."""
    return load_progress(context.engine, slug)


@router.get("/campaigns/{slug}/lift", responses=declare_errors(404), dependencies=[needs(Disclosure.SHOP)])
def measure_lift(context: Here, slug: CampaignPath) -> CampaignLift:
    """Compare the clients of a campaign with those held out of it. Amounts are cents; the intervals are right however
    often one looks. `re-engagement` tells the same of the built-in mail to clients who drift."""
    return lift.measure_lift(context.engine, slug, context.settings.holdout_share, context.business_now())


@router.get("/campaigns/{slug}/people", responses=declare_errors(404), dependencies=[needs(Disclosure.SHOP)])
def list_people(
    context: Here,
    slug: CampaignPath,
    state: Annotated[EnrolmentState | None, Query(description="Only those in this state.")] = None,
    code: Annotated[str, Query(max_length=64, description="Only those with this reason.")] = "",
    after: Annotated[str, Query(max_length=64, description="Continue after this client.")] = "",
    limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
) -> CampaignPeople:
    """List the clients of a campaign in the order of their ids: where each stands, why, and until when."""
    return people.list_people(context.engine, slug, context.business_now(), state, code, after, limit)


@router.post("/campaigns/{slug}/people", responses=declare_errors(404, 413), dependencies=[needs(Action.ENROL_CLIENT)])
def enrol_people(context: Here, actor: By, slug: CampaignPath, order: Enrol) -> EnrolResult:
    """Let these clients enter a campaign that is under way, whatever it waits for otherwise; who may not is refused,
    with a reason each. Some are held out to measure it, as everybody's chance is."""
    now, real_now = context.business_now(), context.real_now()
    signing_key = context.settings.keys.signing
    return choosing.enrol_chosen(context.engine, actor, signing_key, slug, order.client_ids, now, real_now)


@router.post("/campaigns/{slug}/retry", responses=declare_errors(404, 413), dependencies=[needs(Action.RETRY_CAMPAIGN)])
def retry_people(context: Here, actor: By, slug: CampaignPath, order: Retry) -> RetryResult:
    """Try those clients again whose mail failed, expired or was decided on by nobody."""
    now, real_now = context.business_now(), context.real_now()
    return people.retry_people(context.engine, actor, slug, order, now, real_now)


@router.post("/campaigns/{slug}/pause", responses=declare_errors(404, 413), dependencies=[needs(Action.PAUSE_CAMPAIGN)])
def pause_campaign(context: Here, actor: By, slug: CampaignPath, order: Pause) -> SteeredCampaign:
    """Hold all mail of a campaign; everybody keeps their place. After the answer no mail of it begins."""
    return _steer(context, actor, slug, CampaignCommand(kind="pause", reason=order.reason))


@router.post(
    "/campaigns/{slug}/resume", responses=declare_errors(404, 413), dependencies=[needs(Action.RESUME_CAMPAIGN)]
)
def resume_campaign(context: Here, actor: By, slug: CampaignPath, order: Resume) -> SteeredCampaign:
    """Let a paused campaign go on; `overdue` says what becomes of mail that fell due meanwhile."""
    return _steer(context, actor, slug, CampaignCommand(kind="resume", overdue=order.overdue))


@router.post(
    "/campaigns/{slug}/adjust", responses=declare_errors(404, 413), dependencies=[needs(Action.ADJUST_CAMPAIGN)]
)
def adjust_campaign(context: Here, actor: By, slug: CampaignPath, change: Change) -> SteeredCampaign:
    """Change a campaign while it runs; the answer says from when each change holds. With `step` its `message` and
    `voice` are those of one mail: a version of its own, which awaits approval where its policy or your role says so."""
    if change.step is not None:
        now, real_now = context.business_now(), context.real_now()
        return reword_step(context.engine, actor, slug, change, now, real_now)
    return _steer(context, actor, slug, CampaignCommand(kind="adjust", change=change.list_changes()))


@router.post("/campaigns/{slug}/end", responses=declare_errors(404, 413), dependencies=[needs(Action.END_CAMPAIGN)])
def end_campaign(context: Here, actor: By, slug: CampaignPath, order: Pause) -> SteeredCampaign:
    """End a campaign before its time: nobody enters, mail on its way goes, what a pause holds back does not."""
    return _steer(context, actor, slug, CampaignCommand(kind="end", reason=order.reason))


def _steer(context: WebContext, actor: Actor, slug: str, command: CampaignCommand) -> SteeredCampaign:
    now, real_now = context.business_now(), context.real_now()
    return steering.steer_campaign(context.engine, actor, slug, command, now, real_now)
