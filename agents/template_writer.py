"""The template writer: composes approved copy and true facts without a model; the same brief gives the same mail.

It writes when no model is configured or none is up. Its drafts keep every rule, whatever is in the brief.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Final, TypeVar

from agents.template_copy import BLURBS, COPY, LINKS, PLAIN_BLURBS, WITHOUT_ITEMS
from domain.grounding import BriefSupport, find_text_faults, find_violations, split_sentences
from domain.text_rules import clean_quote
from domain.wording import clean_name, format_sentence
from models.mail import Brief, BriefItem, EmailDraft, Fact, ItemBlurb
from models.states import TouchKind

VERSION: Final = "house-1"
"""Stands where a model's draft has its prompt's version. Raise it with the copy."""
MOST_ITEMS: Final = 6
_PARAGRAPH: Final = 600
_SHORTEST_SUBJECT: Final = 12
_SUBJECT: Final = 70
_LONGEST_SHOP: Final = 50

S = TypeVar("S")


def compose_draft(brief: Brief) -> EmailDraft:
    """Compose a draft for `brief`, with the quotable fact that suits the mail best, if there is one."""
    drafts = (_DraftBuilder(worded).build() for worded in (brief, _drop_foreign_words(brief), _drop_facts(brief)))
    return next(draft for draft in drafts if not find_violations(draft, brief))


class _DraftBuilder:
    """Builds the draft of one brief."""

    def __init__(self, brief: Brief) -> None:
        self.brief, self.support = brief, BriefSupport.from_brief(brief)
        self.copy = COPY[brief.kind]
        asks = brief.kind is TouchKind.QUIZ
        self.frame = self.copy if brief.items or asks else WITHOUT_ITEMS
        self.items = () if asks else brief.items[:MOST_ITEMS]

    def build(self) -> EmailDraft:
        return EmailDraft(
            subject=self.choose_subject(),
            preheader=self.choose(self.frame.preheaders, "preheader"),
            greeting=self.build_greeting(),
            paragraphs=(*self.build_opening(), self.build_body()),
            items=tuple(self.write_blurb(item, i) for i, item in enumerate(self.items)),
            call_to_action=self.choose(self.frame.actions, "action"),
        )

    def choose_subject(self) -> str:
        headline = next(iter(self.list_message_sentences()), "").rstrip(".。")
        if _SHORTEST_SUBJECT <= len(headline) <= _SUBJECT and self.fits(headline, "subject"):
            return headline
        shop = clean_quote(self.brief.shop_name)
        shop = shop if 0 < len(shop) <= _LONGEST_SHOP else "your stylists"
        return self.choose(self.frame.subjects, "subject").format(shop=shop)

    def build_greeting(self) -> str:
        name = clean_name(self.brief.first_name)
        return f"Hello {name}," if name and self.fits(f"Hello {name},", "greeting") else "Hello,"

    def build_opening(self) -> tuple[str, ...]:
        """Return the owner's message, or else a line of the copy."""
        return tuple(_join_paragraphs(self.list_message_sentences())) or (self.choose(self.copy.openings, "opening"),)

    def list_message_sentences(self) -> list[str]:
        """Return the sentences of the campaign's message that a mail may contain."""
        if self.brief.kind is not TouchKind.CAMPAIGN:
            return []
        return [s for s in split_sentences(self.brief.message) if len(s) <= _PARAGRAPH and self.fits(s, "paragraphs")]

    def build_body(self) -> str:
        """Build the paragraph with the fact, its link, and the bridge to the items."""
        fact = self.choose_fact()
        links = LINKS.get(fact.code, ()) if fact and self.items else ()
        bridge = self.choose(self.frame.bridges, "bridge")
        statement = format_sentence(fact.text) if fact else ""
        return " ".join(part for part in (statement, self.choose(("", *links), "link"), bridge) if part)

    def choose_fact(self) -> Fact | None:
        """Choose the quotable fact that suits this kind best, else any."""
        rank = {code: i for i, code in enumerate(self.copy.facts)}
        ranked = sorted(self.brief.facts, key=lambda fact: rank.get(fact.code, len(rank)))
        return next(
            (f for f in ranked if 0 < len(f.text) <= 300 and self.fits(format_sentence(f.text), "paragraphs")), None
        )

    def write_blurb(self, item: BriefItem, i: int) -> ItemBlurb:
        """Write why this item was picked, in the words of its score; else what it is."""
        category, colour = clean_quote(item.category).lower(), clean_quote(item.colour).lower()
        own = self.choose(BLURBS, f"blurb{i}").format(category=category, colour=colour) if category and colour else ""
        sayings = (format_sentence(clean_quote(item.why)), own, self.choose(PLAIN_BLURBS, f"blurb{i}"))
        text = next(s for s in sayings if s and (s == sayings[-1] or self.fits(s, "items")))
        return ItemBlurb(item_id=item.item_id, text=text)

    def fits(self, text: str, where: str) -> bool:
        return not any(find_text_faults(text, where, self.support))

    def choose(self, lines: tuple[str, ...], what: str) -> str:
        """Choose one of `lines`, by a hash of the mail and of `what`: always the same for one mail, varied between
        mails."""
        seed = sha256(f"{self.brief.client_id}/{self.brief.n}/{what}".encode()).digest()
        return lines[int.from_bytes(seed[:4], "big") % len(lines)]


def _join_paragraphs(texts: Iterable[str]) -> list[str]:
    """Join sentences into at most three paragraphs."""
    paragraphs = [""]
    for text in texts:
        joined = f"{paragraphs[-1]} {text}".strip()
        if len(joined) <= _PARAGRAPH:
            paragraphs[-1] = joined
        elif len(paragraphs) < 3:
            paragraphs.append(text)
    return [p for p in paragraphs if p]


def _drop_foreign_words(brief: Brief) -> Brief:
    """Return the brief without what others wrote about items, names and campaigns; the facts stay."""
    items = tuple(BriefItem(item_id=i.item_id, title="", category="", brand="", colour="") for i in brief.items)
    return brief.model_copy(update={"first_name": "", "message": "", "shop_name": "", "items": items})


def _drop_facts(brief: Brief) -> Brief:
    """Return the brief without facts too, for a mail of approved copy alone."""
    return _drop_foreign_words(brief).model_copy(update={"facts": ()})
