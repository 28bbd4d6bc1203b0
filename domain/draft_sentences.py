"""A draft as numbered sentences, so that a person may change one and leave the others."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from pydantic import ValidationError

from domain.grounding import Violation, list_texts, split_sentences
from domain.wording import fold
from errors import BadInput
from models.drafts import DraftFault, DraftSentence, SentenceChange
from models.mail import Brief, EmailDraft

_PLACE: Final = re.compile(r"^\w+\[")
_NAMED: Final = re.compile(r"^“([^”]+)”|\(([^()]+)\)$")
"""The word at fault, at the beginning or the end of what is said of it."""


def list_sentences(draft: EmailDraft) -> tuple[DraftSentence, ...]:
    """List the sentences of a draft in the order in which they are read."""
    pairs = [(where, sentence) for where, text in list_texts(draft) for sentence in split_sentences(text) or [text]]
    return tuple(DraftSentence(number=number, where=where, text=text) for number, (where, text) in enumerate(pairs, 1))


def change_sentences(draft: EmailDraft, changes: Iterable[SentenceChange]) -> EmailDraft:
    """Return the draft with other words for some sentences; a sentence without words goes.

    Raises:
        BadInput: field `sentence`, for a number that there is not; or the field of the draft that would be empty or
            too long.
    """
    sentences = {sentence.number: sentence for sentence in list_sentences(draft)}
    for change in changes:
        if change.sentence not in sentences:
            raise BadInput(f"the draft has no sentence {change.sentence}; it has {len(sentences)}", "sentence")
        words = " ".join(change.text.split())
        sentences[change.sentence] = sentences[change.sentence].model_copy(update={"text": words})
    texts: dict[str, list[str]] = {}
    for sentence in sentences.values():
        texts.setdefault(sentence.where, []).append(sentence.text)
    return _rebuild_draft(draft, {where: " ".join(filter(None, parts)) for where, parts in texts.items()})


def _rebuild_draft(draft: EmailDraft, texts: Mapping[str, str]) -> EmailDraft:
    """Rebuild a draft from the text of each field; a paragraph or item without words goes."""
    values: dict[str, Any] = {name: text for name, text in texts.items() if _PLACE.match(name) is None}
    values["sentences"] = ()  # what each rests on was said of the other words
    values["paragraphs"] = [text for where, text in texts.items() if where.startswith("paragraphs[") and text]
    values["items"] = [
        {"item_id": blurb.item_id, "text": text}
        for place, blurb in enumerate(draft.items)
        if (text := texts.get(f"items[{place}].text", ""))
    ]
    try:
        return EmailDraft.model_validate(draft.model_dump() | values)
    except ValidationError as wrong:
        first = wrong.errors(include_input=False, include_url=False)[0]
        raise BadInput(str(first["msg"]), ".".join(map(str, first["loc"]))) from None


def locate_faults(draft: EmailDraft, violations: Iterable[Violation]) -> tuple[DraftFault, ...]:
    """Locate what `draft` may not say, each with the sentence in which it stands."""
    sentences = list_sentences(draft)
    return tuple(
        DraftFault(sentence=number, where=fault.where, code=fault.code, what=fault.what, word=word)
        for fault in violations
        for number, word in [_locate(fault, sentences)]
    )


def _locate(fault: Violation, sentences: Sequence[DraftSentence]) -> tuple[int, str]:
    """Locate a fault: the sentence of its field that holds the word that it names, and that word; else the field's
    first sentence, and no word."""
    place = fault.where.replace(".item_id", ".text")
    own = [sentence for sentence in sentences if sentence.where == place]
    named = _NAMED.search(fault.what)
    word = (named[1] or named[2]) if named else ""
    holding = [sentence.number for sentence in own if word and fold(word) in fold(sentence.text)]
    return (holding[0], word) if holding else (own[0].number if own else 0, "")


def compute_version(draft: EmailDraft) -> str:
    """Compute the version of a text: a digest of all of it."""
    return hashlib.sha256(draft.model_dump_json().encode()).hexdigest()[:16]


def compute_likeness(draft: EmailDraft, brief: Brief) -> str:
    """Compute a digest that is the same for drafts that differ in no word but the client's first name and the titles of
    the items."""
    offer = [f"offer {brief.offer.slug}"] if brief.offer is not None else []
    words = fold(" | ".join([*(text for _, text in list_texts(draft)), *offer]))
    titles = sorted({fold(item.title) for item in brief.items} - {""}, key=len, reverse=True)
    for place, title in enumerate(titles):
        words = words.replace(title, f"<item {place}>")
    if name := fold(brief.first_name):
        words = re.sub(rf"(?<![^\W_]){re.escape(name)}(?![^\W_])", "<name>", words)
    return hashlib.sha256(words.encode()).hexdigest()[:16]
