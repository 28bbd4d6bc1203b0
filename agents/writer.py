"""The writer: turns a brief into a draft that says only what the brief supports."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from agents.llm import PromptAnswerer
from agents.prompt import clean_foreign_text, load_instructions, quote_data
from agents.purposes import PURPOSE
from domain.grounding import find_violations
from models.mail import Brief, EmailDraft, ItemBlurb, Review, Sentence

VERSION = load_instructions("writer").version


class Blurb(ItemBlurb):
    """Words on one picked item."""

    model_config = ConfigDict(extra="forbid")

    item_id: str = Field(description="The id of an item of the brief, as it stands there.")
    text: Sentence = Field(description="One or two sentences on this item, without its price.")


class Draft(EmailDraft):
    """One email in plain words and item ids: no link, address, price or markup."""

    model_config = ConfigDict(extra="forbid", title="EmailDraft", hide_input_in_errors=True)

    subject: str = Field(min_length=3, max_length=90, description="In sentence case, at most 60 characters.")
    preheader: str = Field(min_length=3, max_length=140, description="Adds to the subject.")
    greeting: str = Field(min_length=1, max_length=90, description="Hello, the client's first name if known, a comma.")
    paragraphs: tuple[Sentence, ...] = Field(min_length=1, max_length=4, description="Short paragraphs of plain text.")
    items: tuple[Blurb, ...] = Field(default=(), max_length=6, description="The items to show, in order.")
    call_to_action: str = Field(min_length=2, max_length=40, description="Two to five words.")


async def write_draft(
    model: PromptAnswerer, brief: Brief, review: Review | None = None, draft: EmailDraft | None = None
) -> EmailDraft:
    """Write a draft for `brief` without violations; with `review`, one that repairs what was wrong with `draft`.

    Raises what `agents.llm.ModelSession.ask` raises.
    """
    parts = [quote_data("brief", build_model_brief(brief))]
    if review is not None:
        parts.append(quote_data("review", _build_review_data(review, draft)))

    def check(answer: Draft) -> list[str]:
        return [f"{v.where}: {v.what}" for v in find_violations(_to_contract(answer), brief)]

    answer = await model.ask(load_instructions("writer").build_prompt("\n\n".join(parts)), Draft, check)
    return _to_contract(answer.value)


def build_model_brief(brief: Brief) -> dict[str, Any]:
    """Build what a model sees of a brief: one client's data, without ids and scores that it has no use for."""
    return {
        "purpose": PURPOSE[brief.kind],
        "phase": brief.phase,
        "shop": brief.shop_name,
        "voice": brief.voice,
        "message": brief.message,
        "first_name": brief.first_name,
        "facts": [fact.text for fact in brief.facts],
        "items": [item.model_dump() for item in brief.items],
        "client_words": [clean_foreign_text(words) for words in brief.client_words],
    }


def _build_review_data(review: Review, draft: EmailDraft | None) -> dict[str, Any]:
    issues = [{"severity": i.severity, "where": i.where, "mend": clean_foreign_text(i.what)} for i in review.issues]
    return {"draft": draft.model_dump() if draft else None, "issues": issues}


def _to_contract(answer: EmailDraft) -> EmailDraft:
    """Convert the answer to the contract that the rest of the product uses."""
    return EmailDraft.model_validate(answer.model_dump())
