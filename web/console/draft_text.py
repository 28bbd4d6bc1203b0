"""A draft as the desk draws it: its sentences by field, with the words marked that the facts do not support."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from models.drafts import DraftFault, DraftSentence, SentenceChange

_PLACE: Final = re.compile(r"^(\w+)\[(\d+)\]")
FIELDS: Final = {
    "subject": "Subject",
    "preheader": "Preview line",
    "greeting": "Greeting",
    "call_to_action": "Button",
}


class TextStretch(NamedTuple):
    """A stretch of a sentence, and whether it is at fault."""

    text: str
    wrong: bool


class SentenceLine(NamedTuple):
    """A sentence to read and change. `field`: the name of its field, where it is the first of it."""

    number: int
    field: str
    text: str
    pieces: Sequence[TextStretch]
    faults: Sequence[str]


def build_lines(
    sentences: Sequence[DraftSentence], typed: Mapping[int, str], faults: Sequence[DraftFault], items: Sequence[str]
) -> list[SentenceLine]:
    """Build the lines of a draft. `typed`: words in the place of stored ones, by number; `items`: the titles."""
    lines, last = [], ""
    for sentence in sentences:
        own = [fault for fault in faults if fault.sentence == sentence.number]
        text = typed.get(sentence.number, sentence.text)
        name = "" if sentence.where == last else name_field(sentence.where, items)
        pieces = split_marked(text, [fault.word for fault in own])
        lines.append(SentenceLine(sentence.number, name, text, pieces, [fault.what for fault in own]))
        last = sentence.where
    return lines


def name_field(where: str, items: Sequence[str]) -> str:
    """Name a field of a draft for people."""
    place = _PLACE.match(where)
    if place is None:
        return FIELDS.get(where, where)
    number = int(place[2])
    if place[1] == "items":
        return items[number] if number < len(items) else f"Item {number + 1}"
    return f"Paragraph {number + 1}"


def split_marked(text: str, words: Sequence[str]) -> list[TextStretch]:
    """Split a text so that the words at fault stand alone. A fault without a word marks all of it."""
    if not words:
        return [TextStretch(text, False)]
    wanted = sorted({word for word in words if word}, key=len, reverse=True)
    marked = "|".join(rf"(?<!\w){re.escape(word)}(?!\w)" for word in wanted)
    parts = re.split(f"({marked})", text, flags=re.IGNORECASE) if marked else [text]
    if "" in words or len(parts) == 1:
        return [TextStretch(text, True)]
    return [TextStretch(part, bool(place % 2)) for place, part in enumerate(parts) if part]


def list_changes(sentences: Sequence[DraftSentence], typed: Mapping[int, str]) -> tuple[SentenceChange, ...]:
    """List the sentences whose words were changed."""
    return tuple(
        SentenceChange(sentence=sentence.number, text=typed[sentence.number])
        for sentence in sentences
        if typed.get(sentence.number, sentence.text) != sentence.text
    )


def read_typed(fields: Mapping[str, str]) -> dict[int, str]:
    """Read the words of a form, by the number of their sentence: fields `s1`, `s2` and on."""
    return {int(name[1:]): " ".join(text.split()) for name, text in fields.items() if re.fullmatch(r"s\d{1,3}", name)}
