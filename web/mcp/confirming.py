"""Ask a person before an agent changes something: each act has a question, which names what it would do."""

from __future__ import annotations

from typing import Any

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError
from mcp.server.mcpserver.resolve import Elicit

from domain import permissions
from domain.permissions import Action, Disclosure
from domain.wording import join_words
from errors import BadInput
from models.agent_answers import Confirmation
from models.campaign_definition import CampaignDefinition
from models.drafts import DraftVersion
from models.states import Overdue
from services.offers.naming import list_offer_slugs
from services.review.lists import show_draft
from web.mcp.server import enter_call

Answer = Confirmation | Elicit[Confirmation]


def _ask(ctx: Context[Any, Any], action: Action, question: str) -> Answer:
    """Ask, unless the shop lets agents act alone. Whoever may not is told so, and nobody is asked."""
    with enter_call(ctx, action) as call:
        if not call.desk.confirm:
            return Confirmation(go_ahead=True)
    capabilities = ctx.client_capabilities
    if capabilities is None or capabilities.elicitation is None:
        raise ToolError(
            "this program cannot ask a person (it offers no elicitation), so it changes nothing; do it in the pages or "
            "by command, or let agents act alone by SELVEDGE_MCP_CONFIRM=false"
        )
    return Elicit(question, Confirmation)


def require_go_ahead(confirmation: Confirmation) -> None:
    """Require that the person said yes. Raises ToolError."""
    if not confirmation.go_ahead:
        raise ToolError("the person said no; nothing was changed")


def confirm_campaign_pause(ctx: Context[Any, Any], slug: str) -> Answer:
    """Ask about a pause."""
    return _ask(ctx, Action.PAUSE_CAMPAIGN, f"Pause the campaign {slug}? No mail of it begins until it is resumed.")


def confirm_campaign_resume(ctx: Context[Any, Any], slug: str, overdue: Overdue) -> Answer:
    """Ask about a resume."""
    question = f"Resume the campaign {slug}? Its mail goes on; what fell due meanwhile: {overdue}."
    return _ask(ctx, Action.RESUME_CAMPAIGN, question)


def confirm_client_pause(ctx: Context[Any, Any], client_id: str) -> Answer:
    """Ask about a pause of one client."""
    return _ask(ctx, Action.PAUSE_CLIENT, f"Pause all mail to the client {client_id}?")


def confirm_client_resume(ctx: Context[Any, Any], client_id: str, overdue: Overdue) -> Answer:
    """Ask about a resume of one client."""
    question = f"Resume mail to the client {client_id}? What fell due meanwhile: {overdue}."
    return _ask(ctx, Action.RESUME_CLIENT, question)


def confirm_campaign_draft(ctx: Context[Any, Any], definition: CampaignDefinition) -> Answer:
    """Ask about a draft of a campaign."""
    steps = f"{len(definition.steps)} {'step' if len(definition.steps) == 1 else 'steps'}"
    offers = list_offer_slugs(definition)
    stated = f", with the {'offer' if len(offers) == 1 else 'offers'} {join_words(offers)}" if offers else ""
    question = (
        f"Save the campaign {definition.slug} ({definition.name}, {steps}{stated}) as a draft? It starts nothing."
    )
    return _ask(ctx, Action.CREATE_CAMPAIGN, question)


def confirm_draft_approval(ctx: Context[Any, Any], draft_id: str, version: DraftVersion) -> Answer:
    """Ask about a mail, with its words: those that the agent read, or nobody is asked."""
    with enter_call(ctx, Action.DECIDE_MAIL) as call:
        permissions.require(call.actor, Disclosure.PERSONAL)
        draft = show_draft(call.context.engine, draft_id)
        if draft.version != version:
            raise BadInput("the text was changed meanwhile; read it again", "version")
    words = " ".join(sentence.text for sentence in draft.sentences)
    question = f"Approve the mail {draft_id}? It is sent then. Subject: {draft.subject}. {words}"
    return _ask(ctx, Action.DECIDE_MAIL, question)
