"""The house writer: approved copy and true facts, composed without any model, the same for the same brief.

It writes when no model is configured or none stays up. Its drafts keep every rule, whatever is in the brief.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import Final, TypeVar

from agents.template_copy import BLURBS, COPY, LINKS, PLAIN_BLURBS, WITHOUT_ITEMS
from domain.grounding import Ground, sentences, text_faults, violations
from domain.text_rules import quotable
from domain.wording import sentence, spoken_name
from models.mail import Brief, BriefItem, EmailDraft, Fact, ItemBlurb, SendPlan
from models.scheduling import SchedulingFacts
from models.states import TouchKind

VERSION: Final = "house-1"
"""Stands where a model's draft has its prompt's version. Raise it with the copy."""
MOST_ITEMS: Final = 6
_PARAGRAPH: Final = 600
_SHORTEST_SUBJECT: Final = 12
_SUBJECT: Final = 70
_LONGEST_SHOP: Final = 50

S = TypeVar("S")


def compose(brief: Brief) -> EmailDraft:
    """A draft for `brief`. States the fact that suits the mail best, if there is any that can be quoted."""
    drafts = (_Desk(worded).draft() for worded in (brief, _quieter(brief), _bare(brief)))
    return next(draft for draft in drafts if not violations(draft, brief))


def plan(facts: SchedulingFacts) -> SendPlan:
    """As soon as the window is open; `domain.timing` knows the client's own hours."""
    return SendPlan(send_at=facts.earliest, why="as soon as the window is open")


class _Desk:
    """One brief being written."""

    def __init__(self, brief: Brief) -> None:
        self.brief, self.ground = brief, Ground.of(brief)
        self.copy = COPY[brief.kind]
        asks = brief.kind is TouchKind.QUIZ
        self.frame = self.copy if brief.items or asks else WITHOUT_ITEMS
        self.items = () if asks else brief.items[:MOST_ITEMS]

    def draft(self) -> EmailDraft:
        return EmailDraft(
            subject=self.subject(),
            preheader=self.chosen(self.frame.preheaders, "preheader"),
            greeting=self.greeting(),
            paragraphs=(*self.opening(), self.body()),
            items=tuple(self.blurb(item, i) for i, item in enumerate(self.items)),
            call_to_action=self.chosen(self.frame.actions, "action"),
        )

    def subject(self) -> str:
        said = next(iter(self.message()), "").rstrip(".")
        if _SHORTEST_SUBJECT <= len(said) <= _SUBJECT and self.fits(said, "subject"):
            return said
        shop = quotable(self.brief.shop_name)
        shop = shop if 0 < len(shop) <= _LONGEST_SHOP else "your stylists"
        return self.chosen(self.frame.subjects, "subject").format(shop=shop)

    def greeting(self) -> str:
        name = spoken_name(self.brief.first_name)
        return f"Hello {name}," if name and self.fits(f"Hello {name},", "greeting") else "Hello,"

    def opening(self) -> tuple[str, ...]:
        """The owner's message, or a line of the house."""
        return tuple(_paragraphs(self.message())) or (self.chosen(self.copy.openings, "opening"),)

    def message(self) -> list[str]:
        """The sentences of the campaign's message that may stand in a mail."""
        if self.brief.kind is not TouchKind.CAMPAIGN:
            return []
        return [s for s in sentences(self.brief.message) if len(s) <= _PARAGRAPH and self.fits(s, "paragraphs")]

    def body(self) -> str:
        """The fact, what leads on from it, and the bridge to the items."""
        fact = self.fact()
        links = LINKS.get(fact.code, ()) if fact and self.items else ()
        bridge = self.chosen(self.frame.bridges, "bridge")
        told = sentence(fact.text) if fact else ""
        return " ".join(part for part in (told, self.chosen(("", *links), "link"), bridge) if part)

    def fact(self) -> Fact | None:
        """The quotable fact that suits this kind best, else any."""
        rank = {code: i for i, code in enumerate(self.copy.facts)}
        ranked = sorted(self.brief.facts, key=lambda fact: rank.get(fact.code, len(rank)))
        return next((f for f in ranked if 0 < len(f.text) <= 300 and self.fits(sentence(f.text), "paragraphs")), None)

    def blurb(self, item: BriefItem, i: int) -> ItemBlurb:
        """Why this item, in the words of its score; else what it is."""
        category, colour = quotable(item.category).lower(), quotable(item.colour).lower()
        own = self.chosen(BLURBS, f"blurb{i}").format(category=category, colour=colour) if category and colour else ""
        sayings = (sentence(quotable(item.why)), own, self.chosen(PLAIN_BLURBS, f"blurb{i}"))
        text = next(s for s in sayings if s and (s == sayings[-1] or self.fits(s, "items")))
        return ItemBlurb(item_id=item.item_id, text=text)

    def fits(self, text: str, where: str) -> bool:
        return not any(text_faults(text, where, self.ground))

    def chosen(self, lines: tuple[str, ...], what: str) -> str:
        """One of `lines`: always the same for this mail and place, and not the same for every mail."""
        seed = sha256(f"{self.brief.client_id}/{self.brief.n}/{what}".encode()).digest()
        return lines[int.from_bytes(seed[:4], "big") % len(lines)]


def _paragraphs(said: Iterable[str]) -> list[str]:
    """Sentences joined to at most three paragraphs."""
    paragraphs = [""]
    for each in said:
        joined = f"{paragraphs[-1]} {each}".strip()
        if len(joined) <= _PARAGRAPH:
            paragraphs[-1] = joined
        elif len(paragraphs) < 3:
            paragraphs.append(each)
    return [p for p in paragraphs if p]


def _quieter(brief: Brief) -> Brief:
    """The brief without what others worded about items, names and campaigns; the facts stay."""
    items = tuple(BriefItem(item_id=i.item_id, title="", category="", brand="", colour="") for i in brief.items)
    return brief.model_copy(update={"first_name": "", "message": "", "shop_name": "", "items": items})


def _bare(brief: Brief) -> Brief:
    """What is left of the brief when approved copy alone may speak."""
    return _quieter(brief).model_copy(update={"facts": ()})
