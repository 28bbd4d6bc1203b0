"""Write the mails of a preview: by the code that writes every mail, for real clients, into no ledger.

Their links belong to nobody, so that whoever follows one changes nothing. A model that writes is asked as for every
mail; its calls count against the budgets and are kept without what was said.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import datetime
from typing import Literal, NamedTuple

from agents.llm import LanguageModel, ModelSession
from agents.reviewer import review_draft, review_grounding
from agents.writer import write_draft as write_by_model
from domain.eligibility import Eligibility, SendDecision, explain_code
from domain.journeys.contents import MailText, choose_variant, list_mail_texts
from domain.review_steps import ReviewStep, choose_review_step
from errors import ModelFault, SelvedgeError, Unavailable
from mail.links import STAFF_N, Links
from mail.render import RenderedMail, Shop, render
from models.base import ClientId, ItemId
from models.campaign_preview import PreviewMail
from models.catalogue import Item
from models.mail import Autonomy, Brief, EmailDraft, Review
from services.campaigns.preview_counts import PreviewedCampaign
from services.campaigns.preview_row import build_unsaved_row
from services.context import ServiceContext
from services.mailing import composition
from services.mailing.gate import decide_sending
from services.mailing.model_session import open_preview_session
from services.mailing.send_times import ReadingHours, choose_send_time, require_send_time_facts
from services.mailing.staff_mail import STAFF
from services.recommendations.recommender import Recommender
from store.catalogue import catalogue
from store.database import read_transaction

log = logging.getLogger("selvedge.campaigns")

Writer = Literal["house", "model"]


class PreviewText(NamedTuple):
    """A mail to write: one text for one client. `text`: None for a campaign of one mail."""

    client_id: ClientId
    text: MailText | None


class ComposedPreview(NamedTuple):
    """A mail as written, with the brief and the items that it shows."""

    shown: PreviewMail
    brief: Brief | None = None
    draft: EmailDraft | None = None
    items: dict[ItemId, Item] | None = None


def list_wanted(
    previewed: PreviewedCampaign, clients: Sequence[ClientId], count: int | None, *, named: bool
) -> list[PreviewText]:
    """List the mails to write: each text for each of `named` clients, else `count` of a sample, text by text."""
    texts: Sequence[MailText | None] = list_mail_texts(previewed.definition) if previewed.definition else [None]
    if not clients or not texts:
        return []
    if named:
        wanted = [PreviewText(client_id, text) for client_id in clients for text in texts]
        return wanted if count is None else wanted[:count]
    most = max(5, len(texts)) if count is None else count
    return [PreviewText(clients[k % len(clients)], texts[k % len(texts)]) for k in range(most)]


async def write_mails(
    context: ServiceContext,
    recommender: Recommender,
    previewed: PreviewedCampaign,
    wanted: Sequence[PreviewText],
    now: datetime,
    *,
    by_model: bool,
) -> list[ComposedPreview]:
    """Write these mails. One that cannot be written says why in its place."""
    written = []
    async with AsyncExitStack() as stack:
        session = None
        if by_model and wanted:
            model = await stack.enter_async_context(LanguageModel.from_settings(context.settings))
            session = await stack.enter_async_context(open_preview_session(context, model, previewed.spec.slug, now))
        for one in wanted:
            written.append(await _write(context, recommender, previewed, one, now, session))
    return written


async def _write(
    context: ServiceContext,
    recommender: Recommender,
    previewed: PreviewedCampaign,
    wanted: PreviewText,
    now: datetime,
    model: ModelSession | None,
) -> ComposedPreview:
    step, variant = (wanted.text.step, wanted.text.variant) if wanted.text else (None, None)
    shown = PreviewMail(
        client_id=wanted.client_id, step=step.id if step else "", variant=variant.name if variant else ""
    )
    if step is not None and previewed.definition is not None:
        own = choose_variant(previewed.definition, step, wanted.client_id)
        shown = shown.model_copy(update={"own": own == variant})
    try:
        with read_transaction(context.engine) as connection:
            row = build_unsaved_row(connection, previewed, wanted.client_id, wanted.text, now)
            facts = require_send_time_facts(connection, wanted.client_id, now)
            send_at = choose_send_time(context, connection, row, facts, None, now, ReadingHours())
            brief = composition.require_items(context, recommender, connection, row, send_at).brief
            level = composition.load_autonomy(context, connection, row) if model else brief.autonomy
        brief = brief.model_copy(update={"autonomy": level})
        draft, writer = await _compose(brief, model)
        with read_transaction(context.engine) as connection:
            items = catalogue.load_items(connection, [blurb.item_id for blurb in draft.items])
            answer = decide_sending(context, connection, replace(row, draft=draft.model_dump(mode="json")), now)
        mail = render_for_nobody(context, draft, brief, items)
    except SelvedgeError as fault:
        return ComposedPreview(shown.model_copy(update={"fault": str(fault)}))
    words = {"subject": mail.subject, "preheader": mail.preheader, "text": mail.text, "html": mail.html}
    said = {"leaves": _explain(answer, send_at, now), "writer": writer}
    return ComposedPreview(shown.model_copy(update=words | said), brief, draft, items)


async def _compose(brief: Brief, model: ModelSession | None) -> tuple[EmailDraft, Writer]:
    """Compose the draft: by the model, in the steps of every mail, else by the template writer."""
    if model is None or brief.autonomy is Autonomy.APPROVED:
        return composition.write_draft(brief), "house"
    try:
        draft = await write_by_model(model, brief, None, None)
        remarks = await _review(model, brief, draft)
        if choose_review_step(remarks, 1) is ReviewStep.REVISE:
            draft = await write_by_model(model, brief, remarks, draft)
            remarks = await _review(model, brief, draft)
            following = choose_review_step(remarks, 2)
        else:
            following = choose_review_step(remarks, 1)
    except (ModelFault, Unavailable) as fault:
        log.warning("a preview is written from templates: %s", fault.code)
        return composition.write_draft(brief), "house"
    if following is ReviewStep.TEMPLATE_WRITER:
        return composition.write_draft(brief), "house"
    return draft, "model"


async def _review(model: ModelSession, brief: Brief, draft: EmailDraft) -> Review:
    return review_grounding(brief, draft) or await review_draft(model, brief, draft)


def render_for_nobody(
    context: ServiceContext, draft: EmailDraft, brief: Brief, items: dict[ItemId, Item]
) -> RenderedMail:
    """Render a mail whose links are nobody's, without the picture that tells of opens."""
    blank = brief.model_copy(update={"client_id": STAFF, "n": STAFF_N})
    settings = context.settings
    return render(draft, blank, items, Links.from_settings(settings), Shop.from_settings(settings))


def _explain(answer: Eligibility, send_at: datetime, now: datetime) -> str:
    """Explain in a few words whether the send gate would let it leave now."""
    if answer.door is SendDecision.OPEN:
        return "now" if send_at <= now else f"at {send_at:%Y-%m-%d %H:%M} UTC, when the client reads"
    until = f", until {answer.until:%Y-%m-%d %H:%M} UTC" if answer.until else ""
    return f"{'never' if answer.door is SendDecision.CLOSED else 'later'}: {explain_code(answer.code)}{until}"
