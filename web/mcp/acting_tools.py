"""Tools that change something: each needs the role, asks a person first, and is put on record by its service."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any, Final

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.resolve import Resolve
from mcp.server.mcpserver.tools import Tool
from mcp_types import ToolAnnotations
from pydantic import Field

from domain.permissions import Action
from models.agent_answers import Confirmation, WhyNot
from models.base import CampaignSlug, ClientId, Reason
from models.campaign import CampaignCommand, SteeredCampaign
from models.campaign_definition import CampaignDefinition, CampaignVersion
from models.drafts import DraftDecided, DraftDecision, DraftVerdict, DraftVersion
from models.lifecycle import Command
from models.states import Overdue
from services.campaigns.definitions import save_draft
from services.campaigns.steering import steer_campaign
from services.clients.steering import steer_client
from services.review.decisions import decide_draft
from store.mail.policy import build_mail_rules
from web.mcp import confirming
from web.mcp.confirming import require_go_ahead
from web.mcp.reading_tools import why_not
from web.mcp.server import AgentCall, enter_call

ACTS: Final = ToolAnnotations(read_only_hint=False, destructive_hint=True, open_world_hint=False)
Ctx = Context[Any, Any]


def pause_campaign(
    ctx: Ctx,
    slug: CampaignSlug,
    confirmation: Annotated[Confirmation, Resolve(confirming.confirm_campaign_pause)],
    reason: Reason = "",
) -> SteeredCampaign:
    """Hold all mail of a campaign; everybody keeps their place. After the answer no mail of it begins."""
    require_go_ahead(confirmation)
    with enter_call(ctx, Action.PAUSE_CAMPAIGN) as call:
        return _steer_campaign(call, slug, CampaignCommand(kind="pause", reason=reason))


def resume_campaign(
    ctx: Ctx,
    slug: CampaignSlug,
    confirmation: Annotated[Confirmation, Resolve(confirming.confirm_campaign_resume)],
    overdue: Overdue = Overdue.REPLAN,
) -> SteeredCampaign:
    """Let a paused campaign go on; `overdue` says what becomes of mail that fell due meanwhile."""
    require_go_ahead(confirmation)
    with enter_call(ctx, Action.RESUME_CAMPAIGN) as call:
        return _steer_campaign(call, slug, CampaignCommand(kind="resume", overdue=overdue))


def _steer_campaign(call: AgentCall, slug: str, command: CampaignCommand) -> SteeredCampaign:
    context = call.context
    return steer_campaign(context.engine, call.actor, slug, command, context.business_now(), context.real_now())


def pause_client(
    ctx: Ctx,
    client_id: ClientId,
    confirmation: Annotated[Confirmation, Resolve(confirming.confirm_client_pause)],
    reason: Reason = "",
) -> WhyNot:
    """Hold all mail to one client."""
    require_go_ahead(confirmation)
    with enter_call(ctx, Action.PAUSE_CLIENT) as call:
        _steer_client(call, client_id, Command(kind="pause", reason=reason, at=call.context.real_now()))
    return why_not(ctx, client_id)


def resume_client(
    ctx: Ctx,
    client_id: ClientId,
    confirmation: Annotated[Confirmation, Resolve(confirming.confirm_client_resume)],
    overdue: Overdue = Overdue.REPLAN,
) -> WhyNot:
    """Let mail to a paused client go on; `overdue` says what becomes of mail that fell due meanwhile."""
    require_go_ahead(confirmation)
    with enter_call(ctx, Action.RESUME_CLIENT) as call:
        _steer_client(call, client_id, Command(kind="resume", overdue=overdue, at=call.context.real_now()))
    return why_not(ctx, client_id)


def _steer_client(call: AgentCall, client_id: str, command: Command) -> None:
    context = call.context
    steer_client(context.engine, call.actor, context.settings.keys.signing, client_id, command)


def draft_campaign(
    ctx: Ctx,
    definition: CampaignDefinition,
    confirmation: Annotated[Confirmation, Resolve(confirming.confirm_campaign_draft)],
) -> CampaignVersion:
    """Save a campaign as a draft, or the next version of one. It starts nothing: a person submits and approves it."""
    require_go_ahead(confirmation)
    with enter_call(ctx, Action.CREATE_CAMPAIGN) as call:
        context = call.context
        now, real_now = context.business_now(), context.real_now()
        return save_draft(context.engine, call.actor, definition, context.settings, now, real_now)


def approve_draft(
    ctx: Ctx,
    draft_id: Annotated[str, Field(max_length=80)],
    version: Annotated[DraftVersion, Field(description="As `read_draft` gave it, so that its words are those read.")],
    confirmation: Annotated[Confirmation, Resolve(confirming.confirm_draft_approval)],
) -> DraftDecided:
    """Approve a mail that awaits a person; it is sent then. Refused where its words have changed since."""
    require_go_ahead(confirmation)
    with enter_call(ctx, Action.DECIDE_MAIL) as call:
        context, decision = call.context, DraftDecision(verdict=DraftVerdict.APPROVE, version=version)
        rules, now, real_now = build_mail_rules(context.settings), context.business_now(), context.real_now()
        return decide_draft(context.engine, call.actor, rules, draft_id, decision, now, real_now)


@cache
def list_acting_tools() -> tuple[Tool, ...]:
    """List the tools that change something; made once a process."""
    tools = (pause_campaign, resume_campaign, pause_client, resume_client, draft_campaign, approve_draft)
    return tuple(Tool.from_function(tool, annotations=ACTS) for tool in tools)
