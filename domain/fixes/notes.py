"""Parse the note that a client wrote with a request for a Fix, by plain rules, and merge it into the request."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Literal, NamedTuple

from domain.fixes import note_lexicon as words
from domain.fixes.note_lexicon import CatalogueMatch, Lexicon
from domain.histories import normalise_word
from models.fixes import FixNote, FixWish, NoteFields

REST_NOT_UNDERSTOOD: Final = "The rest was not understood."
Polarity = Literal["yes", "no", ""]


def parse_note(note: str, categories: Iterable[str], colours: Iterable[str]) -> FixNote:
    """Parse a note into fields by plain rules: catalogue words, wanted or not by the nearest cue before them, and
    amounts.

    What no rule understands changes nothing, and the list of what was understood then ends with saying so. The stylist
    reads the note as it is.
    """
    draft, lexicon = _NoteDraft(), Lexicon(categories, colours)
    for chunk in _split_chunks(note.replace("\u2019", "'")):
        draft.read(chunk, lexicon.find_words(chunk.text))
    sentences = explain_note(draft.fields())
    return FixNote(
        fields=draft.fields(),
        by="house",
        said=(*sentences, REST_NOT_UNDERSTOOD) if sentences and draft.rest else sentences,
    )


class _Chunk(NamedTuple):
    """A stretch of a note between "and", commas and full stops, and what it follows: "" after a full stop."""

    text: str
    after: Literal["", ",", "and"]


def _split_chunks(note: str) -> Iterator[_Chunk]:
    for sentence in words.SENTENCE.split(note):
        for position, segment in enumerate(words.COMMA.split(sentence)):
            for part, text in enumerate(words.AND.split(segment)):
                yield _Chunk(text, "and" if part else "," if position else "")


class _NoteDraft:
    """What the chunks parsed so far say. `rest`: some text was not understood."""

    def __init__(self) -> None:
        self.must: dict[str, None] = {}
        self.shades: dict[str, None] = {}
        self.unwanted_categories: dict[str, None] = {}
        self.unwanted_colours: dict[str, None] = {}
        self.money: dict[str, str] = {}
        self.rest = False
        self._carried: Polarity = ""

    def read(self, chunk: _Chunk, named: list[CatalogueMatch]) -> None:
        """Add one chunk."""
        text, amounts = self._amounts(chunk.text, named)
        carried = self._carries(chunk, named)
        cues = list(words.CUE.finditer(text))
        read = [match for match in named if self._take(text, match, named, _find_polarity(text, match, cues, carried))]
        strong = [_polarity(cue) for cue in cues if cue.lastgroup != "please"]
        self._carried = strong[-1] if strong else carried or ("yes" if cues else "")
        if len(read) < len(named) or (not read and not amounts and words.has_other_words(text, named)):
            self.rest = True

    def _amounts(self, text: str, named: list[CatalogueMatch]) -> tuple[str, bool]:
        """Return the text without its amounts, and whether there were any. A price limit for one kind has no field."""
        amounts = list(words.AMOUNT.finditer(text))
        per_item, total = words.EACH.search(text), words.TOTAL.search(text)
        for amount in amounts:
            if named and not per_item and not total:
                self.rest = True
            else:
                cap = per_item or (amount["none"] and not total)
                self.money["item_cap" if cap else "budget"] = amount["whole"].replace(",", "") + (amount["cents"] or "")
            text = text[: amount.start()] + re.sub(r"\S", " ", amount.group()) + text[amount.end() :]
        return text, bool(amounts)

    def _carries(self, chunk: _Chunk, named: list[CatalogueMatch]) -> Polarity:
        """Return the meaning that carries over from before: over "and" always, over a comma only in a bare list."""
        if chunk.after == "" or (self._carried == "no" and re.match(r"\s*(?:an?|some)\b", chunk.text, re.IGNORECASE)):
            return ""
        if chunk.after == "," and (words.CUE.search(chunk.text) or words.has_other_words(chunk.text, named)):
            return ""
        return self._carried

    def _take(self, text: str, match: CatalogueMatch, named: list[CatalogueMatch], polarity: Polarity) -> bool:
        if polarity == "yes":
            (self.shades if match.shade else self.must)[match.word] = None
        elif polarity == "no":
            # "no black dresses" speaks of black dresses, not of all dresses: the colour is the narrower.
            if not match.shade and any(other.shade for other in named):
                return True
            if _is_narrowed(text, match, named):
                return False
            (self.unwanted_colours if match.shade else self.unwanted_categories)[match.word] = None
        return bool(polarity)

    def fields(self) -> NoteFields:
        """Build the fields; what is unwanted in one place is not wanted in another."""
        must = tuple(kind for kind in self.must if kind not in self.unwanted_categories)
        shades = tuple(shade for shade in self.shades if shade not in self.unwanted_colours)
        return NoteFields.model_validate(
            {
                **{field: amount for field, amount in self.money.items() if float(amount) <= 1_000_000},
                "must_have": must[:10],
                "colours": shades[:10],
                "exclude_categories": tuple(self.unwanted_categories)[:50],
                "exclude_colours": tuple(self.unwanted_colours)[:50],
            }
        )


def _polarity(cue: re.Match[str]) -> Polarity:
    return "no" if cue.lastgroup == "no" else "" if cue.lastgroup == "unclear" else "yes"


def _find_polarity(text: str, match: CatalogueMatch, cues: list[re.Match[str]], carried: Polarity) -> Polarity:
    """Find what is meant by a word: by the nearest cue before it, else carried over, else the first cue after it."""
    before = [cue for cue in cues if cue.start() < match.start]
    if before:
        return _polarity(before[-1])
    if carried:
        return "" if words.CLAIM.match(text, match.end) else carried
    return _polarity(cues[0]) if cues else ""


def _is_narrowed(text: str, match: CatalogueMatch, named: list[CatalogueMatch]) -> bool:
    """Return whether only some of a kind is meant: "no tight jeans", "no dresses with flowers"."""
    bare = text
    for other in named:
        if other != match:
            bare = bare[: other.start] + "a".ljust(other.end - other.start) + bare[other.end :]
    bare = words.CUE.sub(lambda cue: "a".ljust(len(cue.group())), bare)
    ahead = words.WORD.findall(bare[: match.start])
    return bool(ahead and ahead[-1].casefold() not in words.FILLING) or bool(words.NARROWER.match(text, match.end))


def explain_note(fields: NoteFields) -> tuple[str, ...]:
    """Explain the fields to the stylist, one short plain sentence each."""
    sentences = (
        (fields.must_have, "Wants {}."),
        (fields.exclude_categories, "Wants no {}."),
        (fields.exclude_colours, "Wants nothing in {}."),
        (fields.colours, "Would like {}: no rule looks for wanted colours, so choose by hand."),
    )
    lines = [sentence.format(", ".join(values)) for values, sentence in sentences if values]
    if fields.budget is not None:
        lines.append(f"Would spend up to {fields.budget} on the whole box.")
    if fields.item_cap is not None:
        lines.append(f"Would spend up to {fields.item_cap} on one item.")
    return tuple(lines)


def merge_note(wish: FixWish, noted: Mapping[str, Any]) -> FixWish:
    """Merge the note into the wish. What the client stated in a field wins over what was read in words."""
    fields = NoteFields.model_validate(noted)
    unwanted = {normalise_word(category) for category in (*wish.exclude_categories, *fields.exclude_categories)}
    stated = {normalise_word(category) for category in wish.must_have}
    excluded = [category for category in fields.exclude_categories if normalise_word(category) not in stated]
    must = [category for category in fields.must_have if normalise_word(category) not in unwanted | stated]
    return wish.model_copy(
        update={
            "budget": wish.budget if wish.budget is not None else fields.budget,
            "item_cap": wish.item_cap if wish.item_cap is not None else fields.item_cap,
            "must_have": (*wish.must_have, *must)[: min(10, wish.slots)],
            "exclude_categories": tuple(dict.fromkeys((*wish.exclude_categories, *excluded)))[:50],
            "exclude_colours": tuple(dict.fromkeys((*wish.exclude_colours, *fields.exclude_colours)))[:50],
        }
    )
