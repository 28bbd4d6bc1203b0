"""The template writer: composes approved copy and true facts without a model, in the client's language where there is
copy in it; the same brief gives the same mail.

It writes when no model is configured or none is up. Its drafts keep every rule, whatever is in the brief.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from hashlib import sha256
from typing import Final, TypeVar

from agents.languages import build_checker, choose_copy_language, find_draft_faults, load_grammar
from agents.template_copy import CATALOGUE_WORDS, FACTS, list_named_subjects, load_copy
from domain.grounding import BriefSupport, find_text_faults, split_sentences
from domain.sentences.checking import STATED_IN, SentenceChecker, build_greeting
from domain.text_rules import clean_quote, clean_title
from domain.wording import clean_name, format_sentence
from models.mail import Autonomy, Brief, BriefItem, EmailDraft, Fact, ItemBlurb
from models.states import TouchKind

VERSION: Final = "house-3"
"""Stands where a model's draft has its prompt's version. Raise it with the copy."""
MOST_ITEMS: Final = 6
_PARAGRAPH: Final = 600
_LONGEST_FACT: Final = 300
_SHORTEST_SUBJECT: Final = 12
_SUBJECT: Final = 70
_SHORT_SUBJECT: Final = 50
_LONGEST_SHOP: Final = 50

S = TypeVar("S")


def compose_draft(brief: Brief) -> EmailDraft:
    """Compose a draft for `brief`, with the quotable fact that suits the mail best, if there is one."""
    approved = brief.model_copy(update={"autonomy": Autonomy.APPROVED})
    drafts = (
        _DraftBuilder(shown).build() for shown in (approved, _drop_foreign_words(approved), _drop_facts(approved))
    )
    return next(draft for draft in drafts if not find_draft_faults(draft, approved))


class _DraftBuilder:
    """Builds the draft of one brief."""

    def __init__(self, brief: Brief) -> None:
        self.brief, self.support = brief, BriefSupport.from_brief(brief)
        self.language = choose_copy_language(brief)
        self.shop_copy = load_copy(self.language)
        self.copy = self.shop_copy.kinds[brief.kind]
        asks = brief.kind is TouchKind.QUIZ
        self.frame = self.copy if brief.items or asks else self.shop_copy.without_items
        self.items = () if asks else brief.items[:MOST_ITEMS]

    @cached_property
    def checker(self) -> SentenceChecker:
        """The check of sentences in other languages than the facts' own; it costs more than a mail's copy."""
        return build_checker(self.brief, self.language)

    def build(self) -> EmailDraft:
        subject = self.choose_subject()
        return EmailDraft(
            subject=subject,
            preheader=self.choose_preheader(subject),
            greeting=self.build_greeting(),
            paragraphs=(*self.build_opening(), self.build_body()),
            items=tuple(self.write_blurb(item, i) for i, item in enumerate(self.items)),
            call_to_action=self.choose(self.frame.actions, "action"),
            language=self.language,
        )

    def choose_subject(self) -> str:
        """Choose a subject that names a picked piece, after the owner's headline where both fit; else the headline
        alone, else a plain one."""
        headline = self.read_headline()
        titles = [title for item in self.items if (title := clean_title(item.title))] if headline else []
        named = list_named_subjects(self.shop_copy, self.brief) if self.items else ()
        subjects = (*(f"{headline}: {title}" for title in titles), *named)
        fitting = [s for s in subjects if len(s) <= _SUBJECT and self.fits(s, "subject")]
        return self.choose_new(fitting) or headline or self.choose_new(self.list_plain_subjects())

    def choose_preheader(self, subject: str) -> str:
        """Choose a preheader: the owner's headline, where the subject does not tell it."""
        headline = self.read_headline()
        if headline and headline not in subject:
            return headline
        return self.choose(self.frame.preheaders, "preheader")

    def read_headline(self) -> str:
        """Return the first sentence of the owner's message where it may stand above a mail; else nothing."""
        headline = next(iter(self.list_message_sentences()), "").rstrip(".。")
        fits = _SHORTEST_SUBJECT <= len(headline) <= _SUBJECT and self.fits(headline, "subject")
        return headline if fits else ""

    def choose_new(self, subjects: Sequence[str]) -> str:
        """Choose a short subject that none of the client's last mails had; empty where there is none at all."""
        short = [s for s in subjects if len(s) <= _SHORT_SUBJECT] or subjects
        new = [s for s in short if s not in self.brief.subjects] or short
        return self.choose(tuple(new), "subject") if new else ""

    def list_plain_subjects(self) -> list[str]:
        """List the subjects that name no item, with the shop's name where that may be said."""
        shop = clean_quote(self.brief.shop_name)
        named = 0 < len(shop) <= _LONGEST_SHOP
        lines = [line.format(shop=shop) for line in self.frame.subjects if named or "{shop}" not in line]
        return lines or [line for line in self.copy.subjects if "{shop}" not in line]

    def build_greeting(self) -> str:
        if self.language != STATED_IN:
            return build_greeting(self.brief, load_grammar(self.language))
        name = clean_name(self.brief.first_name)
        return f"Hello {name}," if name and self.fits(f"Hello {name},", "greeting") else "Hello,"

    def build_opening(self) -> tuple[str, ...]:
        """Return the owner's message, or else a line of the copy."""
        return tuple(_join_paragraphs(self.list_message_sentences())) or (self.choose(self.frame.openings, "opening"),)

    def list_message_sentences(self) -> list[str]:
        """Return the sentences of the campaign's message that a mail may contain."""
        return [s for s in split_sentences(self.brief.message) if len(s) <= _PARAGRAPH and self.fits(s, "paragraphs")]

    def build_body(self) -> str:
        """Build the paragraph with the fact, its link, and the bridge to the items."""
        fact, statement = next(self.list_statements(), (None, ""))
        links = self.shop_copy.links.get(fact.code, ()) if fact and self.items else ()
        bridge = self.choose(self.frame.bridges, "bridge")
        return " ".join(part for part in (statement, self.choose(("", *links), "link"), bridge) if part)

    def list_statements(self) -> Iterator[tuple[Fact, str]]:
        """List the quotable facts with how each is said, those that suit this kind first."""
        rank = {code: i for i, code in enumerate(FACTS[self.brief.kind])}
        for fact in sorted(self.brief.facts, key=lambda fact: rank.get(fact.code, len(rank))):
            statement = self.say_fact(fact)
            if statement and self.fits(statement, "paragraphs"):
                yield fact, statement

    def say_fact(self, fact: Fact) -> str:
        """Say a fact in the mail's language; empty where it would need words that only the shop's language has."""
        if self.language == STATED_IN:
            return format_sentence(fact.text) if 0 < len(fact.text) <= _LONGEST_FACT else ""
        return "" if fact.code in CATALOGUE_WORDS else next(iter(self.checker.list_ways(fact.code)), "")

    def write_blurb(self, item: BriefItem, i: int) -> ItemBlurb:
        """Write why this item was picked, in the words of its score; else what it is."""
        category, colour = clean_quote(item.category).lower(), clean_quote(item.colour).lower()
        named = self.shop_copy.named_blurbs if category and colour else ()
        own = self.choose(named or ("",), f"blurb{i}").format(category=category, colour=colour)
        why = self.say_reason(item)
        sayings = (why, own, self.choose(self.shop_copy.plain_blurbs, "blurbs", i))
        text = next(s for s in sayings if s and (s == sayings[-1] or self.fits(s, "items")))
        return ItemBlurb(item_id=item.item_id, text=text)

    def say_reason(self, item: BriefItem) -> str:
        """Say why an item was picked in the mail's language; empty where that needs words of the catalogue."""
        if self.language == STATED_IN:
            return format_sentence(clean_quote(item.why))
        return next((self.shop_copy.reasons[why] for why in item.why.split(", ") if why in self.shop_copy.reasons), "")

    def fits(self, text: str, where: str) -> bool:
        if self.language == STATED_IN:
            return not any(find_text_faults(text, where, self.support))
        return self.checker.accepts(text)

    def choose(self, lines: tuple[str, ...], what: str, step: int = 0) -> str:
        """Choose one of `lines`, by a hash of the mail and of `what`: always the same for one mail, varied between
        mails. `step`: lines further on, so that things of one kind in a mail differ."""
        seed = sha256(f"{self.brief.client_id}/{self.brief.n}/{what}".encode()).digest()
        return lines[(int.from_bytes(seed[:4], "big") + step) % len(lines)]


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
