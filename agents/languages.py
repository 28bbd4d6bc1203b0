"""The languages in which mails are written: the grammar of each, and the check of a draft in its own."""

from __future__ import annotations

from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from agents.template_copy import list_named_subjects, load_copy
from domain.grounding import Violation, find_violations
from domain.sentences.checking import STATED_IN, SentenceChecker, find_ungrounded
from domain.sentences.grammar import Grammar, parse_grammar
from domain.text_rules import clean_quote
from domain.wording import fold
from models.mail import Autonomy, Brief, EmailDraft

_FOLDER: Final = Path(__file__).parent / "lexicon"
LANGUAGES: Final = {"en": "English", "de": "German", "fr": "French", "es": "Spanish", "ar": "Arabic"}


def find_language(locale: str) -> str:
    """Find the language in which a client is written to; English where the client's own has no grammar."""
    language = locale.replace("_", "-").partition("-")[0].lower()
    return language if language in LANGUAGES else "en"


@cache
def load_grammar(language: str) -> Grammar:
    """Load the approved sentences of a language and its words for those of catalogues, once."""
    files = (_FOLDER / f"{language}.txt", _FOLDER / "catalogue" / f"{language}.txt")
    return parse_grammar("\n".join(file.read_text(encoding="utf-8") for file in files), language)


def choose_copy_language(brief: Brief) -> str:
    """Choose the language of a mail from templates: the client's own; the shop's where an owner's message is carried,
    which is in one language."""
    return STATED_IN if brief.message else find_language(brief.locale)


def build_checker(brief: Brief, language: str) -> SentenceChecker:
    """Build the check of single sentences in a language, to which the shop's own copy is known."""
    return SentenceChecker(brief, load_grammar(language), _list_copy(language, brief))


def find_draft_faults(draft: EmailDraft, brief: Brief) -> list[Violation]:
    """Find what a draft may not say, by the freedom of its writer: approved sentences alone, or no unsafe text."""
    if brief.autonomy is Autonomy.GROUNDED:
        return find_ungrounded(draft, brief, load_grammar(find_language(brief.locale)))
    if brief.autonomy is Autonomy.APPROVED and draft.language in LANGUAGES and draft.language != STATED_IN:
        return find_ungrounded(draft, brief, load_grammar(draft.language), _list_copy(draft.language, brief))
    return find_violations(draft, brief)


def _list_copy(language: str, brief: Brief) -> frozenset[str]:
    named = list_named_subjects(load_copy(language), brief)
    return _list_sentences(language, brief.shop_name).union(fold(subject).rstrip(".") for subject in named)


@lru_cache(maxsize=32)
def _list_sentences(language: str, shop_name: str) -> frozenset[str]:
    return load_copy(language).list_sentences(clean_quote(shop_name))
