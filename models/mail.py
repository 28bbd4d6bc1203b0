"""The messages between agents: a brief in, words and item ids out. No model ever gives a link, price or address."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from models.base import ClientId, Contract, ItemId
from models.states import Phase, TouchKind

Sentence = Annotated[str, Field(min_length=1, max_length=600)]


class Pick(Contract):
    """One recommended item and the parts of its score."""

    item_id: ItemId
    score: float
    parts: dict[str, float] = Field(default_factory=dict)
    """The weighted contribution of each part to the blended score."""
    by: str = ""
    """The algorithm of `score`; empty: the built-in blend, whose score is the sum of the parts."""
    why: str = ""
    """The largest parts in words, for `BriefItem.why`; no numbers."""

    @property
    def house_score(self) -> float:
        """The blended score of the item, whichever algorithm picked it."""
        return round(sum(self.parts.values()), 6)


class BriefItem(Contract):
    """An item as the writer may describe it. It has no price: the renderer inserts that."""

    item_id: ItemId
    title: str
    category: str
    brand: str
    colour: str
    tags: tuple[str, ...] = ()
    why: str = ""
    """In words, from the largest parts of its score."""


class Fact(Contract):
    """A true sentence about this client's own history, in the words of the template writer."""

    code: str
    """Which fact, as in `domain.facts.CODES`: last_item, last_order, orders_count, favourite_category, signed_up …"""
    text: str


class Brief(Contract):
    """Everything that the writer and the reviewer see: one client's data, and what the mail is for."""

    client_id: ClientId
    n: int
    kind: TouchKind
    phase: Phase
    assessment_id: str
    score: float
    """The stored score of the assessment that caused this mail; nothing recomputes it."""
    first_name: str
    locale: str
    shop_name: str
    voice: str
    """The shop's or the campaign's voice, in a sentence."""
    message: str = ""
    """What a campaign wants to say; the owner's words."""
    facts: tuple[Fact, ...] = ()
    items: tuple[BriefItem, ...] = ()
    client_words: tuple[str, ...] = ()
    """Text written by the client, to be quoted as data and never obeyed."""


class ItemBlurb(Contract):
    item_id: ItemId
    text: Sentence


class EmailDraft(Contract):
    """What a writer gives: words and item ids."""

    subject: str = Field(min_length=3, max_length=90)
    preheader: str = Field(min_length=3, max_length=140)
    greeting: str = Field(min_length=1, max_length=90)
    paragraphs: tuple[Sentence, ...] = Field(min_length=1, max_length=4)
    items: tuple[ItemBlurb, ...] = Field(default=(), max_length=6)
    call_to_action: str = Field(min_length=2, max_length=40)


class ReviewVerdict(StrEnum):
    APPROVE = "approve"
    REVISE = "revise"
    REJECT = "reject"


class Severity(StrEnum):
    MINOR = "minor"
    MAJOR = "major"
    BLOCKING = "blocking"


class Issue(Contract):
    severity: Severity
    where: str = Field(max_length=40)
    what: str = Field(max_length=400)


class Review(Contract):
    """What a reviewer gives."""

    verdict: ReviewVerdict
    issues: tuple[Issue, ...] = Field(default=(), max_length=12)


class SendPlan(Contract):
    """What a scheduler proposes: a moment in business time, and why, in a few words. `domain.timing` decides."""

    send_at: datetime
    why: str = Field(default="", max_length=200)
