"""The writer: from a brief to a draft that says only what the brief supports."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict, Field

from agents.llm import Asker
from agents.prompting import foreign, instructions, quoted
from agents.purposes import PURPOSE
from domain.grounding import violations
from models.mail import Brief, EmailDraft, ItemBlurb, Review, Sentence

VERSION = instructions("writer").version


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


async def write(
    model: Asker, brief: Brief, review: Review | None = None, draft: EmailDraft | None = None
) -> EmailDraft:
    """A draft for `brief`; with `review`, one that mends what was wrong with `draft`. It has no violations.

    Raises what `agents.llm.ModelSession.ask` raises.
    """
    parts = [quoted("brief", brief_for_model(brief))]
    if review is not None:
        parts.append(quoted("review", _complaints(review, draft)))

    def check(answer: Draft) -> list[str]:
        return [f"{v.where}: {v.what}" for v in violations(_plain(answer), brief)]

    answer = await model.ask(instructions("writer").about("\n\n".join(parts)), Draft, check)
    return _plain(answer.value)


def brief_for_model(brief: Brief) -> dict[str, Any]:
    """What a model sees of a brief: one client's data without ids or scores of ours that it needs no use of."""
    return {
        "purpose": PURPOSE[brief.kind],
        "phase": brief.phase,
        "shop": brief.shop_name,
        "voice": brief.voice,
        "message": brief.message,
        "first_name": brief.first_name,
        "facts": [fact.text for fact in brief.facts],
        "items": [item.model_dump() for item in brief.items],
        "client_words": [foreign(words) for words in brief.client_words],
    }


def _complaints(review: Review, draft: EmailDraft | None) -> dict[str, Any]:
    issues = [{"severity": i.severity, "where": i.where, "mend": foreign(i.what)} for i in review.issues]
    return {"draft": draft.model_dump() if draft else None, "issues": issues}


def _plain(answer: EmailDraft) -> EmailDraft:
    """The answer as the contract that the house exchanges."""
    return EmailDraft.model_validate(answer.model_dump())
