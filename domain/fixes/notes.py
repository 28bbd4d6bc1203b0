"""The note that a client wrote with a request for a Fix: what the house rules read in it, and how both are merged."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Literal, NamedTuple

from domain.fixes import note_words as words
from domain.fixes.note_words import Lexicon, Named
from domain.histories import plain
from models.fixes import FixNote, FixWish, NoteFields

REST: Final = "The rest was not understood."
Polarity = Literal["yes", "no", ""]


def read_by_rules(note: str, categories: Iterable[str], colours: Iterable[str]) -> FixNote:
    """The note as fields, by plain rules: words of the catalogue, each wanted or not by the nearest "need", "no" and
    the like before it, and amounts.

    What no rule understands changes nothing, and what was understood then ends with saying so; the stylist reads the
    note as it is.
    """
    found, lexicon = _Found(), Lexicon(categories, colours)
    for chunk in _chunks(note.replace("\u2019", "'")):
        found.read(chunk, lexicon.named(chunk.text))
    said = said_of(found.fields())
    return FixNote(fields=found.fields(), by="house", said=(*said, REST) if said and found.rest else said)


class _Chunk(NamedTuple):
    """A stretch of a note between "and", commas and full stops, and what it follows: a full stop is ""."""

    text: str
    after: Literal["", ",", "and"]


def _chunks(note: str) -> Iterator[_Chunk]:
    for sentence in words.SENTENCE.split(note):
        for place, segment in enumerate(words.COMMA.split(sentence)):
            for part, text in enumerate(words.AND.split(segment)):
                yield _Chunk(text, "and" if part else "," if place else "")


class _Found:
    """What the chunks read so far say. `rest`: some said what no rule understands."""

    def __init__(self) -> None:
        self.must: dict[str, None] = {}
        self.shades: dict[str, None] = {}
        self.no_kinds: dict[str, None] = {}
        self.no_shades: dict[str, None] = {}
        self.money: dict[str, str] = {}
        self.rest = False
        self._carried: Polarity = ""

    def read(self, chunk: _Chunk, named: list[Named]) -> None:
        """Take one chunk in."""
        text, amounts = self._amounts(chunk.text, named)
        carried = self._carries(chunk, named)
        cues = list(words.CUE.finditer(text))
        read = [each for each in named if self._take(text, each, named, _meant(text, each, cues, carried))]
        strong = [_polarity(cue) for cue in cues if cue.lastgroup != "please"]
        self._carried = strong[-1] if strong else carried or ("yes" if cues else "")
        if len(read) < len(named) or (not read and not amounts and words.says_something(text, named)):
            self.rest = True

    def _amounts(self, text: str, named: list[Named]) -> tuple[str, bool]:
        """The text without the amounts in it, and whether they were taken. What one kind may cost is no field."""
        found = list(words.AMOUNT.finditer(text))
        each, total = words.EACH.search(text), words.TOTAL.search(text)
        for amount in found:
            if named and not each and not total:
                self.rest = True
            else:
                cap = each or (amount["none"] and not total)
                self.money["item_cap" if cap else "budget"] = amount["whole"].replace(",", "") + (amount["cents"] or "")
            text = text[: amount.start()] + re.sub(r"\S", " ", amount.group()) + text[amount.end() :]
        return text, bool(found)

    def _carries(self, chunk: _Chunk, named: list[Named]) -> Polarity:
        """What was meant before goes on over "and"; over a comma, in a bare list alone."""
        if chunk.after == "" or (self._carried == "no" and re.match(r"\s*(?:an?|some)\b", chunk.text, re.IGNORECASE)):
            return ""
        if chunk.after == "," and (words.CUE.search(chunk.text) or words.says_something(chunk.text, named)):
            return ""
        return self._carried

    def _take(self, text: str, each: Named, named: list[Named], meant: Polarity) -> bool:
        if meant == "yes":
            (self.shades if each.shade else self.must)[each.word] = None
        elif meant == "no":
            # "no black dresses" speaks of black dresses, not of all dresses: the colour is the narrower.
            if not each.shade and any(other.shade for other in named):
                return True
            if _narrowed(text, each, named):
                return False
            (self.no_shades if each.shade else self.no_kinds)[each.word] = None
        return bool(meant)

    def fields(self) -> NoteFields:
        """As fields; what is unwanted somewhere is not wanted elsewhere."""
        must = tuple(kind for kind in self.must if kind not in self.no_kinds)
        shades = tuple(shade for shade in self.shades if shade not in self.no_shades)
        return NoteFields.model_validate(
            {
                **{field: amount for field, amount in self.money.items() if float(amount) <= 1_000_000},
                "must_have": must[:10],
                "colours": shades[:10],
                "exclude_categories": tuple(self.no_kinds)[:50],
                "exclude_colours": tuple(self.no_shades)[:50],
            }
        )


def _polarity(cue: re.Match[str]) -> Polarity:
    return "no" if cue.lastgroup == "no" else "" if cue.lastgroup == "unclear" else "yes"


def _meant(text: str, each: Named, cues: list[re.Match[str]], carried: Polarity) -> Polarity:
    """By the nearest cue before it; else by what was meant before; else by the first that follows: "jeans please"."""
    before = [cue for cue in cues if cue.start() < each.start]
    if before:
        return _polarity(before[-1])
    if carried:
        return "" if words.CLAIM.match(text, each.end) else carried
    return _polarity(cues[0]) if cues else ""


def _narrowed(text: str, each: Named, named: list[Named]) -> bool:
    """Whether only some of it are meant: "no tight jeans", "no dresses with flowers"."""
    bare = text
    for other in named:
        if other != each:
            bare = bare[: other.start] + "a".ljust(other.end - other.start) + bare[other.end :]
    bare = words.CUE.sub(lambda cue: "a".ljust(len(cue.group())), bare)
    ahead = words.WORD.findall(bare[: each.start])
    return bool(ahead and ahead[-1].casefold() not in words.FILLING) or bool(words.NARROWER.match(text, each.end))


def said_of(fields: NoteFields) -> tuple[str, ...]:
    """One short plain sentence for each thing understood, for the stylist."""
    sentences = (
        (fields.must_have, "Wants {}."),
        (fields.exclude_categories, "Wants no {}."),
        (fields.exclude_colours, "Wants nothing in {}."),
        (fields.colours, "Would like {}: no rule looks for wanted colours, so choose by hand."),
    )
    told = [sentence.format(", ".join(each)) for each, sentence in sentences if each]
    if fields.budget is not None:
        told.append(f"Would spend up to {fields.budget} on the whole box.")
    if fields.item_cap is not None:
        told.append(f"Would spend up to {fields.item_cap} on one item.")
    return tuple(told)


def merged(wish: FixWish, noted: Mapping[str, Any]) -> FixWish:
    """The wish with what the note adds. What the client stated in a field holds against what was read in words."""
    said = NoteFields.model_validate(noted)
    unwanted = {plain(each) for each in (*wish.exclude_categories, *said.exclude_categories)}
    stated = {plain(each) for each in wish.must_have}
    excluded = [category for category in said.exclude_categories if plain(category) not in stated]
    must = [each for each in said.must_have if plain(each) not in unwanted | stated]
    return wish.model_copy(
        update={
            "budget": wish.budget if wish.budget is not None else said.budget,
            "item_cap": wish.item_cap if wish.item_cap is not None else said.item_cap,
            "must_have": (*wish.must_have, *must)[: min(10, wish.slots)],
            "exclude_categories": tuple(dict.fromkeys((*wish.exclude_categories, *excluded)))[:50],
            "exclude_colours": tuple(dict.fromkeys((*wish.exclude_colours, *said.exclude_colours)))[:50],
        }
    )
