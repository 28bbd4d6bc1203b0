"""`/v1/campaigns`: definitions of campaigns saved, submitted, approved and started, by the shop's systems."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import Depends, Path, Request

from domain.permissions import Action, Disclosure
from errors import BadInput
from ingest.definitions import list_faults
from models.campaign import CloneOrder
from models.campaign_definition import (
    CampaignDefinition,
    CampaignVersion,
    CampaignVersionList,
    DefinitionCheck,
    ScheduleOrder,
    StartOrder,
    StoredDefinition,
    SubmitOrder,
    VersionDecision,
)
from services.campaigns import cloning, definitions, version_lists
from web.api.requests import JsonBody, RawBody, parse_json
from web.api.routing import CampaignPath, create_router, declare_errors
from web.auth.callers import By
from web.auth.rules import needs
from web.context import Here

router: Final = create_router("campaigns")
VersionPath = Annotated[int, Path(ge=1, description="The number of the version.")]


class DefinitionBody(RawBody):
    """A dependency that parses the body as a definition; each fault is named with its place."""

    def __init__(self) -> None:
        super().__init__(CampaignDefinition)

    async def __call__(self, request: Request) -> CampaignDefinition:  # type: ignore[override]
        """Parse the body. Raises TooLarge, and BadInput naming the first wrong place."""
        values = parse_json(await request.body())
        if faults := list_faults(values):
            where, _, said = faults[0].partition(": ")
            raise BadInput(said or where, where if said else "body")
        return CampaignDefinition.model_validate(values)


@router.post("/campaigns", responses=declare_errors(413), dependencies=[needs(Action.CREATE_CAMPAIGN)])
def save_draft(
    context: Here, actor: By, definition: Annotated[CampaignDefinition, Depends(DefinitionBody())]
) -> CampaignVersion:
    """Save a definition as a draft. One that differs from the newest version becomes the next, which asks for approval
    anew; repeating one changes nothing."""
    now, real_now = context.business_now(), context.real_now()
    return definitions.save_draft(context.engine, actor, definition, context.settings, now, real_now)


@router.post("/campaigns/validate", responses=declare_errors(413), dependencies=[needs(Disclosure.SHOP)])
def validate_definition(values: Annotated[bytes, Depends(RawBody(CampaignDefinition))]) -> DefinitionCheck:
    """Name everything that is wrong with a definition. Nothing is saved."""
    return DefinitionCheck(faults=tuple(list_faults(parse_json(values))))


@router.get("/campaigns/{slug}/versions", responses=declare_errors(404), dependencies=[needs(Disclosure.SHOP)])
def list_versions(context: Here, slug: CampaignPath) -> CampaignVersionList:
    """List the versions of a campaign, the newest first."""
    return version_lists.list_versions(context.engine, slug)


@router.get(
    "/campaigns/{slug}/versions/{version}", responses=declare_errors(404), dependencies=[needs(Disclosure.SHOP)]
)
def get_definition(context: Here, slug: CampaignPath, version: VersionPath) -> StoredDefinition:
    """Return what one version of a campaign says."""
    return version_lists.load_definition(context.engine, slug, version)


@router.post(
    "/campaigns/{slug}/clone", responses=declare_errors(404, 413), dependencies=[needs(Action.CREATE_CAMPAIGN)]
)
def clone_campaign(
    context: Here, actor: By, slug: CampaignPath, order: Annotated[CloneOrder, Depends(JsonBody(CloneOrder))]
) -> CampaignVersion:
    """Save the version of a campaign that runs, else its newest, as a draft of another campaign."""
    now, real_now, settings = context.business_now(), context.real_now(), context.settings
    return cloning.clone_campaign(context.engine, actor, slug, order.slug, settings, now, real_now, order.name)


@router.post(
    "/campaigns/{slug}/submit", responses=declare_errors(404, 413), dependencies=[needs(Action.SUBMIT_CAMPAIGN)]
)
def submit_version(
    context: Here,
    actor: By,
    slug: CampaignPath,
    order: Annotated[SubmitOrder, Depends(JsonBody(SubmitOrder, required=False))],
) -> CampaignVersion:
    """Ask for the approval of the newest version. Repeating it changes nothing."""
    now, real_now = context.business_now(), context.real_now()
    return definitions.submit_version(context.engine, actor, slug, now, real_now, order.version)


@router.post(
    "/campaigns/{slug}/approve", responses=declare_errors(404, 413), dependencies=[needs(Action.APPROVE_CAMPAIGN)]
)
def decide_version(
    context: Here,
    actor: By,
    slug: CampaignPath,
    decision: Annotated[VersionDecision, Depends(JsonBody(VersionDecision))],
) -> CampaignVersion:
    """Approve exactly one version, or send it back to its author."""
    now, real_now = context.business_now(), context.real_now()
    return definitions.decide_version(context.engine, actor, slug, decision.version, decision.verdict, now, real_now)


@router.post(
    "/campaigns/{slug}/schedule", responses=declare_errors(404, 413), dependencies=[needs(Action.START_CAMPAIGN)]
)
def schedule_version(
    context: Here, actor: By, slug: CampaignPath, order: Annotated[ScheduleOrder, Depends(JsonBody(ScheduleOrder))]
) -> CampaignVersion:
    """Have the approved version start by itself. Another moment replaces the one before."""
    now, real_now = context.business_now(), context.real_now()
    return definitions.schedule_version(context.engine, actor, slug, order.start_at, now, real_now)


@router.post("/campaigns/{slug}/start", responses=declare_errors(404, 413), dependencies=[needs(Action.START_CAMPAIGN)])
def start_version(
    context: Here,
    actor: By,
    slug: CampaignPath,
    order: Annotated[StartOrder, Depends(JsonBody(StartOrder, required=False))],
) -> CampaignVersion:
    """Start the approved version now, or publish it over the one that runs."""
    now, real_now = context.business_now(), context.real_now()
    return definitions.start_version(context.engine, actor, slug, now, real_now, order.in_it, dict(order.send_to))
