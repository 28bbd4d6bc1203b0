"""Check a draft sentence by sentence: each must be an approved sentence on facts of the brief, and cite them.

This is an allow-list. A word is known as one of the language's approved sentences or as a word of a cited fact, and the
words must stand as an approved sentence has them, so that known words cannot be put together to something untrue.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Sequence
from typing import Final

from domain.grounding import BriefSupport, Violation, check_items, list_texts, soften_message, split_sentences
from domain.sentences.catalogue_words import list_forms
from domain.sentences.grammar import Grammar
from domain.sentences.matching import Reading, SentenceMatcher
from domain.sentences.naming import (
    AMBIENT,
    MESSAGE,
    build_item_id,
    list_codes,
    list_counts,
    list_fact_ids,
    list_names,
    say_count,
    say_day,
    say_season,
)
from domain.sentences.shown_names import list_shown
from domain.sentences.words import split_words
from domain.text_rules import find_shouting, find_unsafe_text
from domain.wording import clean_name, fold
from models.mail import Brief, BriefItem, CitedSentence, EmailDraft, Fact

STYLE: Final = "style"
"""Stands for the facts of a sentence that claims nothing."""
STATED_IN: Final = "en"
"""The language of the facts' own texts, which may stand word for word."""
_ACTION: Final = "call_to_action"
_MOST_NAMED: Final = 3
"""Unknown words of one sentence that its fault names."""


def find_ungrounded(
    draft: EmailDraft, brief: Brief, grammar: Grammar, copy: frozenset[str] = frozenset()
) -> list[Violation]:
    """Find everything in `draft` that no approved sentence on facts of `brief` says; empty for one that may be sent.

    `copy`: folded sentences of the shop's own that may stand as they are. A draft without citations, such as a person's
    edit, is cut into sentences and each rests on what it names.
    """
    checker = SentenceChecker(brief, grammar, copy)
    faults = list(check_items(draft, BriefSupport.from_brief(brief)))
    if draft.greeting not in (build_greeting(brief, grammar), grammar.ways["greeting"][1]):
        faults.append(
            Violation(code="greeting", where="greeting", what=f"the greeting is: {build_greeting(brief, grammar)}")
        )
    said = {where: text for where, text in list_texts(draft) if where != "greeting"}
    cited = bool(draft.sentences)
    sentences = draft.sentences if cited else tuple(_cut(said))
    if {where: " ".join(s.text for s in sentences if s.where == where) for where in said} != said:
        faults.append(
            Violation(code="sentences", where="sentences", what="the sentences are not the text of the draft")
        )
    return faults + list(checker.check(sentences, draft, cited=cited))


def build_greeting(brief: Brief, grammar: Grammar) -> str:
    """Build the greeting of a mail in the grammar's language."""
    name = clean_name(brief.first_name)
    return grammar.ways["greeting"][0].format(name=name) if name else grammar.ways["greeting"][1]


class SentenceChecker:
    """Checks sentences on one brief. `copy`: as in `find_ungrounded`."""

    def __init__(self, brief: Brief, grammar: Grammar, copy: frozenset[str] = frozenset()) -> None:
        self._brief, self._grammar, self._copy = brief, grammar, copy
        self._facts = list_names(brief, grammar)
        self._show([item.item_id for item in brief.items])
        self._ids = list_fact_ids(brief)
        self._stated = {fold(f.text).rstrip("."): f.code for f in brief.facts} if grammar.language == STATED_IN else {}
        self._message = {fold(sentence).rstrip(".") for sentence in split_sentences(brief.message)}
        self._offered: set[str] = set()
        """Folded sentences that stand in the draft or were suggested for one of its places."""
        self._known = BriefSupport.from_brief(brief).known
        self._phrases = sorted((fold(p) for p in _list_phrases(brief)), key=len, reverse=True)

    def check(self, sentences: Sequence[CitedSentence], draft: EmailDraft, *, cited: bool) -> Iterator[Violation]:
        """Check the sentences in their order. `cited`: each must name the facts that it rests on."""
        focus, field, lone = "", "", True
        self._show([blurb.item_id for blurb in draft.items])
        self._offered = {fold(sentence.text).rstrip(".") for sentence in sentences}
        for number, sentence in enumerate(sentences):
            where = f"sentences[{number}]" if cited else sentence.where
            own = _find_own_item(sentence.where, draft)
            focus = own or (focus if sentence.where == field else "")
            lone = lone or sentence.where != field
            field = sentence.where
            faults = list(self._check_signs(sentence.text))
            reading = None if faults else self._read(sentence, focus, lone=lone)
            if reading is None:
                faults = faults or [self._explain(sentence, focus, draft, lone=lone)]
            else:
                faults = list(self._check_citations(sentence, reading, own, cited=cited))
                focus = reading.item or focus
                lone = lone and reading.things <= {focus}
            yield from (fault.model_copy(update={"where": where}) for fault in faults)

    def _show(self, item_ids: Sequence[str]) -> None:
        """Take what may be said of a mail that shows these items."""
        shown = list_shown(self._facts, [build_item_id(item_id) for item_id in item_ids], self._grammar)
        self._names = (*self._facts, *shown)
        self._codes = list_codes(self._brief) | list_counts(len(item_ids))

    def accepts(self, text: str) -> bool:
        """Return whether a text of sentences without citations may stand in a mail."""
        sentences = [CitedSentence(where="paragraphs[0]", text=sentence) for sentence in split_sentences(text)]
        return all(not any(self._check_signs(s.text)) and self._read(s, "") is not None for s in sentences)

    def _check_signs(self, text: str) -> Iterator[Violation]:
        plain = soften_message(text) if fold(text).rstrip(".") in self._message else text
        for fault in (*find_unsafe_text(plain, self._known), *find_shouting(text, self._known)):
            if fault.code != "script" or self._grammar.language != "ar" or not _is_arabic(text, self._known):
                yield Violation(code=fault.code, where="", what=fault.what)
        bare = fold(text)
        for phrase in self._phrases:
            bare = bare.replace(phrase, " ")
        if fold(text).rstrip(".") not in self._message and (signs := split_words(bare).signs):
            yield Violation(code="sign", where="", what=f"a sign that a sentence does not have ({signs[0]})")

    def _read(self, sentence: CitedSentence, focus: str, *, lone: bool = True) -> Reading | None:
        whole = fold(sentence.text).rstrip(".")
        if whole in self._copy:
            return Reading(frozenset(), "")
        if whole in self._message or whole in self._stated:
            return Reading(frozenset({MESSAGE if whole in self._message else self._stated[whole]}), "")
        cited = {*sentence.facts, *AMBIENT}
        return self._match(sentence, focus, lone=lone).read(_find_rules(sentence.where), cited)

    def _match(self, sentence: CitedSentence, focus: str, *, lone: bool) -> SentenceMatcher:
        cited_first = dict(sorted(self._codes.items(), key=lambda code: code[0] not in sentence.facts))
        words, card = split_words(sentence.text), sentence.where.startswith("items[")
        return SentenceMatcher(self._grammar, words, self._names, cited_first, focus, lone=lone, card=card)

    def _check_citations(
        self, sentence: CitedSentence, reading: Reading, own: str, *, cited: bool
    ) -> Iterator[Violation]:
        if own and reading.item not in ("", own):
            yield Violation(code="item_mixed", where="", what="words about another item")
        if sentence.facts and (strange := set(sentence.facts) - self._ids):
            yield Violation(code="fact_unknown", where="", what=f"no fact of the brief ({min(strange)[:40]})")
        if cited and (missing := reading.facts - AMBIENT - {own} - set(sentence.facts)):
            named = tuple(sorted(missing))
            yield Violation(
                code="uncited", where="", what=f"it rests on {', '.join(named)} without saying so", facts=named
            )

    def _explain(self, sentence: CitedSentence, focus: str, draft: EmailDraft, *, lone: bool) -> Violation:
        """Say what is wrong with a sentence: words that are not known, or from where on its words stand in another way
        than approved sentences have them."""
        matcher = self._match(sentence, focus, lone=lone)
        words = matcher.words
        strange = [w for i, w in enumerate(words) if i not in matcher.covered and w not in self._grammar.words]
        said = self._suggest(sentence, draft)
        way = f", leave it out, or say: {said}" if said else ", or leave it out"
        if strange:
            named = ", ".join(f"\u201c{word[:40]}\u201d" for word in dict.fromkeys(strange[:_MOST_NAMED]))
            verb = "is no word" if len(set(strange[:_MOST_NAMED])) == 1 else "are no words"
            return Violation(
                code="word", where="", what=f"{named} {verb} of the house style or of a fact: reword it{way}"
            )
        matcher.read(_find_rules(sentence.where))
        begun, rest = " ".join(words[: matcher.furthest]), " ".join(words[matcher.furthest :])
        where = f": \u201c{rest[:60]}\u201d does not follow \u201c{begun[-60:]}\u201d" if begun and rest else ""
        hint = "say one thing of what it rests on, and reword the whole"
        what = f"no approved sentence says all of this of the facts it names{where}; {hint}{way}"
        return Violation(code="shape", where="", what=what)

    def _suggest(self, sentence: CitedSentence, draft: EmailDraft) -> str:
        """Suggest an approved sentence for a place, one that neither stands in the draft nor was suggested before;
        empty when there is none."""
        own = _find_own_item(sentence.where, draft)
        facts = [own] if own else [] if sentence.where == _ACTION else sentence.facts
        ways = [way for fact in facts for way in self.list_ways(fact)] + (
            [] if own else self.list_openers(sentence.where)
        )
        said = next((way for way in ways if fold(way).rstrip(".") not in self._offered), "")
        self._offered.add(fold(said).rstrip("."))
        return said

    def list_openers(self, where: str) -> list[str]:
        """List approved sentences for a place of this mail that claim nothing of a fact: those of its kind, then any.
        `where`: as in `CitedSentence`. A mail without items gets none that speak of pieces."""
        place = "paragraph" if where.startswith("paragraph") else where
        ways = self._grammar.ways
        plain = ways.get(place if self._brief.items else f"{place} bare", ())
        season = say_season(self._brief.season, self._grammar)
        slots = {"SHOP": self._brief.shop_name, "SEASON": season[0] if season else ""}
        shapes = (*ways.get(f"{place} {self._brief.kind}", ()), *plain)
        return [shape.format(**slots) for shape in shapes if "{SEASON}" not in shape or season]

    def list_ways(self, fact_id: str) -> list[str]:
        """List approved sentences that say a fact of the brief."""
        fact = next((fact for fact in self._brief.facts if fact.code == fact_id), None)
        item = next((item for item in self._brief.items if build_item_id(item.item_id) == fact_id), None)
        if fact is not None:
            return [
                way for shape in self._grammar.ways.get(fact.code, ()) if (way := fill_way(shape, fact, self._grammar))
            ]
        if item is not None:
            return [way for shape in self._grammar.ways["item"] if (way := _fill_item(shape, item))]
        return []


def fill_way(shape: str, fact: Fact, grammar: Grammar) -> str:
    """Fill a way to say a fact; empty when the fact lacks what it says."""
    said = [forms[0] for forms in list_forms(fact, grammar)]
    slots = {
        "PIECE": fact.piece,
        "DAY": say_day(fact, grammar),
        "COUNT": say_count(fact.count, grammar, "times") if fact.count else "",
        "WORDS": _enumerate(said, grammar),
        "KIND": said[0] if said else "",
    }
    return "" if any(f"{{{name}}}" in shape and not word for name, word in slots.items()) else shape.format(**slots)


def _enumerate(words: Sequence[str], grammar: Grammar) -> str:
    """Enumerate words as the language does. The Arabic "and" stands before each, written together with Arabic words."""
    joint = grammar.notes["join"][0]
    if grammar.language == "ar":
        return " ".join((*words[:1], *(f"{joint}{' ' * word[:1].isascii()}{word}" for word in words[1:])))
    return f" {joint} ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def _fill_item(shape: str, item: BriefItem) -> str:
    slots = {"ITEM": item.title, "COLOUR": item.colour, "BRAND": item.brand}
    return "" if any(f"{{{name}}}" in shape and not word for name, word in slots.items()) else shape.format(**slots)


def _find_rules(where: str) -> str:
    """Find the kind of rules for a place: of sentences, or of calls to action."""
    return "A" if where == _ACTION else "S"


def _is_arabic(text: str, known: Container[str]) -> bool:
    """Return whether each word is Arabic, plain Latin or known; strange words are found as words."""
    words = re.findall(r"[^\W\d_]+", fold(text))
    return all(w.isascii() or w in known or all("\u0621" <= c <= "\u064a" for c in w) for w in words)


def _cut(said: dict[str, str]) -> Iterator[CitedSentence]:
    for where, text in said.items():
        yield from (CitedSentence(where=where, text=sentence) for sentence in split_sentences(text) or [text])


def _find_own_item(where: str, draft: EmailDraft) -> str:
    """Find the item on whose card a sentence stands; empty for none."""
    number = where.removeprefix("items[").removesuffix("].text")
    blurbs = draft.items
    return build_item_id(blurbs[int(number)].item_id) if number.isdigit() and int(number) < len(blurbs) else ""


def _list_phrases(brief: Brief) -> Iterator[str]:
    yield brief.shop_name
    for item in brief.items:
        yield from filter(None, (item.title, item.brand, item.colour, item.category))
    for fact in brief.facts:
        yield from filter(None, (fact.piece, fact.colour, *fact.words))
