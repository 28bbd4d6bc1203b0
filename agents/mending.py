"""Mend what a draft still says wrongly after its writer could reword it: code says the fact itself, or leaves the
sentence out.

What stands is checked as every draft is, so no sentence reaches a client that could not have before. A draft with
anything unsafe in it, or most of which would be code's, is not mended.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from agents.languages import find_draft_faults, find_language, load_grammar
from domain.grounding import Violation
from domain.sentences.checking import SentenceChecker
from domain.sentences.naming import build_item_id
from domain.wording import fold
from models.mail import Brief, CitedSentence, EmailDraft, ItemBlurb

MENDABLE: Final = frozenset({"word", "shape", "sign", "uncited", "fact_unknown", "item_mixed"})
"""Faults of a sentence that says more than its facts. Links, prices, names and the like are no slips of the pen."""
MOST_MENDED: Final = 0.5
"""The share of a draft's sentences that code may replace or leave out; beyond it the template writer writes."""
_LONGEST_SUBJECT: Final = 60
_ITEM: Final = build_item_id("")
_LONE: Final = ("subject", "preheader", "call_to_action")


def mend_draft(draft: EmailDraft, brief: Brief) -> EmailDraft | None:
    """Return the draft with each faulty sentence replaced by an approved one on its facts, or without it; None where
    that is not to be done."""
    faults = find_draft_faults(draft, brief)
    if not faults:
        return draft
    wrong = {number: fault for fault in faults if (number := _find_number(fault)) is not None}
    unsafe = any(_find_number(fault) is None or fault.code not in MENDABLE for fault in faults)
    if unsafe or len(wrong) > MOST_MENDED * len(draft.sentences):
        return None
    mended = _Mender(draft, brief).build(wrong)
    return mended if not find_draft_faults(mended, brief) else None


def _find_number(fault: Violation) -> int | None:
    number = fault.where.removeprefix("sentences[").removesuffix("]")
    return int(number) if number.isdigit() else None


class _Mender:
    """Mends one draft."""

    def __init__(self, draft: EmailDraft, brief: Brief) -> None:
        self.draft = draft
        self.grammar = load_grammar(find_language(brief.locale))
        self.checker = SentenceChecker(brief, self.grammar)
        self.said: set[str] = set()
        self.cited: set[str] = set()
        """Facts on which a sentence that stands rests already."""

    def build(self, wrong: dict[int, Violation]) -> EmailDraft:
        """Build the draft from the sentences that stand and what is said for the others."""
        numbered = list(enumerate(self.draft.sentences))
        self.said = {fold(sentence.text) for number, sentence in numbered if number not in wrong}
        self.cited = {fact for number, sentence in numbered if number not in wrong for fact in sentence.facts}
        full = {sentence.where for number, sentence in numbered if number not in wrong}
        kept: list[CitedSentence] = []
        for number, sentence in numbered:
            said = self._mend(sentence, wrong[number], full) if number in wrong else sentence
            if said is not None:
                kept.append(said)
                full.add(said.where)
                self.said.add(fold(said.text))
                self.cited |= set(said.facts)
        return self._assemble(kept)

    def _mend(self, sentence: CitedSentence, fault: Violation, full: set[str]) -> CitedSentence | None:
        """Say what a sentence may say of its facts; None where nothing is lost without it."""
        if fault.code == "uncited":
            return sentence.model_copy(update={"facts": tuple(dict.fromkeys((*sentence.facts, *fault.facts)))})
        if sentence.where.startswith("items[") and sentence.where in full:
            return None
        for fact, way in self._list_ways(sentence):
            if fold(way) not in self.said and (sentence.where != "subject" or len(way) <= _LONGEST_SUBJECT):
                return CitedSentence(where=sentence.where, text=way, facts=(fact,) if fact else ())
        return None

    def _list_ways(self, sentence: CitedSentence) -> Iterator[tuple[str, str]]:
        """List approved sentences for a place with the fact that each says, those on the sentence's own facts first."""
        where = sentence.where
        for fact in self._list_facts(sentence):
            yield from ((fact, way.rstrip(".") if where in _LONE else way) for way in self.checker.list_ways(fact))
        if where in _LONE:
            yield from (("", way) for way in self.checker.list_openers(where))

    def _list_facts(self, sentence: CitedSentence) -> list[str]:
        """List the facts that may be said in a sentence's place: a card's own item; items first above a mail; in its
        paragraphs what is not told already."""
        where = sentence.where
        if where == "call_to_action":
            return []
        if where.startswith("items["):
            return [build_item_id(self.draft.items[int(where.removeprefix("items[").removesuffix("].text"))].item_id)]
        items = [fact for fact in sentence.facts if fact.startswith(_ITEM)]
        others = [fact for fact in sentence.facts if not fact.startswith(_ITEM)]
        return [*items, *others] if where in _LONE else [fact for fact in others if fact not in self.cited]

    def _assemble(self, kept: Sequence[CitedSentence]) -> EmailDraft:
        """Assemble the text again. A paragraph of which nothing is left goes; a mail without any gets a plain one."""
        places = list(dict.fromkeys(s.where for s in kept if s.where.startswith("paragraphs[")))
        moved = {where: f"paragraphs[{number}]" for number, where in enumerate(places)}
        sentences = [s.model_copy(update={"where": moved.get(s.where, s.where)}) for s in kept]
        if not places:
            sentences.insert(2, CitedSentence(where="paragraphs[0]", text=self.checker.list_openers("paragraph")[0]))
        texts: dict[str, str] = {}
        for sentence in sentences:
            texts[sentence.where] = f"{texts.get(sentence.where, '')} {sentence.text}".strip()
        paragraphs = tuple(text for where, text in texts.items() if where.startswith("paragraphs["))
        items = tuple(
            ItemBlurb(item_id=blurb.item_id, text=texts[f"items[{number}].text"])
            for number, blurb in enumerate(self.draft.items)
        )
        lone = {where: texts[where] for where in _LONE}
        return self.draft.model_copy(
            update={**lone, "paragraphs": paragraphs, "items": items, "sentences": tuple(sentences)}
        )
