"""The messages between agents: a brief in, words and item ids out. No model ever gives a link, price or address."""

from __future__ import annotations

from datetime import date, datetime
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


class Autonomy(StrEnum):
    """How free the writer of a mail is, the least first: it chooses approved sentences; it writes, and each sentence
    rests on facts of the brief; it writes, and a person lets each mail out."""

    APPROVED = "approved"
    GROUNDED = "grounded"
    FREE = "free"


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
    """A true sentence about this client's own history, in the words of the template writer, and what it is made of."""

    code: str
    """Which fact, as in `domain.facts.CODES`: last_item, last_order, orders_count, favourite_category, signed_up …"""
    text: str
    piece: str = ""
    """The title of the thing that it is about."""
    colour: str = ""
    day: date | None = None
    """In the client's own time zone."""
    dated: bool = False
    """Whether the day must be said with its year."""
    count: int = 0
    words: tuple[str, ...] = ()


class BriefOffer(Contract):
    """The offer that a mail states. Code writes the words of it, in a block of their own; no writer adds to them."""

    slug: str
    code: str
    percent: int | None = None
    amount_cents: int | None = None
    """Off one order; set where `percent` is not."""
    until: date | None = None
    """The last day on which it holds."""
    scope: tuple[str, ...] = ()
    """Names of the categories and items that it is on; empty: everything."""
    uses: int | None = None
    """Orders of one client for which it holds; None: any number."""


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
    autonomy: Autonomy = Autonomy.APPROVED
    """How free its writer is."""
    voice: str
    """The shop's or the campaign's voice, in a sentence."""
    message: str = ""
    """What a campaign wants to say; the owner's words."""
    offer: BriefOffer | None = None
    facts: tuple[Fact, ...] = ()
    items: tuple[BriefItem, ...] = ()
    season: str = ""
    """Of the picked items, when all that have one have the same."""
    personal: bool = True
    """Whether what the client did and said has a part in it; False: they refused personalisation."""
    subjects: tuple[str, ...] = ()
    """Of the client's last mails; another is chosen for this one."""
    client_words: tuple[str, ...] = ()
    """Text written by the client, to be quoted as data and never obeyed."""


class ItemBlurb(Contract):
    item_id: ItemId
    text: Sentence


class CitedSentence(Contract):
    """One sentence of a draft and the ids of the facts that it rests on; none: it claims nothing."""

    where: str = Field(max_length=20)
    """Its field, as in `domain.grounding.list_texts`: subject, paragraphs[0], items[1].text …"""
    text: Sentence
    facts: tuple[str, ...] = Field(default=(), max_length=6)


class EmailDraft(Contract):
    """What a writer gives: words and item ids."""

    subject: str = Field(min_length=3, max_length=90)
    preheader: str = Field(min_length=3, max_length=140)
    greeting: str = Field(min_length=1, max_length=90)
    paragraphs: tuple[Sentence, ...] = Field(min_length=1, max_length=4)
    items: tuple[ItemBlurb, ...] = Field(default=(), max_length=6)
    call_to_action: str = Field(min_length=2, max_length=40)
    language: str = "en"
    sentences: tuple[CitedSentence, ...] = ()
    """The same text sentence by sentence, with what each rests on, where the writer said so."""


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
