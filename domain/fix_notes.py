"""What a client's note adds to a wish: fields that an agent or the house rules read in it, and how both are merged."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from domain.histories import plain
from models.fixes import FixNote, FixWish, NoteFields

CLAUSE: Final = re.compile(r"[;!?\n]|[.,](?!\d)|\bbut\b|\bhowever\b", re.IGNORECASE)
UNWANTED: Final = re.compile(
    r"\b(no|not|never|without|avoid|don'?t|dislike|hate|except|nothing|enough|plenty|tired of|instead of)\b",
    re.IGNORECASE,
)
WANTED: Final = re.compile(r"\b(need|want|must|looking for|please|love|would like|hoping)\b", re.IGNORECASE)
BUDGET: Final = re.compile(
    r"(?:under|below|up to|at most|no more than|max(?:imum)?(?: of)?|budget(?: of| is)?|within)\s*"
    r"(?:[$£€]|usd|eur|gbp)?\s*(\d{1,6}(?:\.\d{1,2})?)\b(?!\s*%)",
    re.IGNORECASE,
)
EACH: Final = re.compile(r"\b(each|apiece|per item|per piece|an item|a piece)\b", re.IGNORECASE)


def read_by_rules(note: str, categories: Iterable[str], colours: Iterable[str]) -> FixNote:
    """The note as fields, by plain rules: clauses that name a category or colour of the catalogue, wanted or not.

    A word that no rule understands changes nothing; the stylist reads the note as it is.
    """
    found = _Found()
    kinds, shades = _patterns(categories), _patterns(colours)
    for clause in CLAUSE.split(note.replace("\u2019", "'")):
        found.read(clause, _named(clause, kinds), _named(clause, shades))
    return FixNote(fields=found.fields(), by="house", said=said_of(found.fields()))


class _Found:
    """What the clauses read so far say."""

    def __init__(self) -> None:
        self.must: dict[str, None] = {}
        self.no_kinds: dict[str, None] = {}
        self.no_shades: dict[str, None] = {}
        self.money: dict[str, str] = {}

    def read(self, clause: str, kinds: list[str], shades: list[str]) -> None:
        """Take one clause in."""
        amount = BUDGET.search(clause)
        if amount:
            self.money["item_cap" if EACH.search(clause) else "budget"] = amount.group(1)
        rest = clause.replace(amount.group(0), "") if amount else clause
        if UNWANTED.search(rest):
            # "no black dresses" speaks of black dresses, not of all dresses: the colour is the narrower.
            (self.no_shades if shades else self.no_kinds).update(dict.fromkeys(shades or kinds))
        elif WANTED.search(rest):
            self.must.update(dict.fromkeys(kinds))

    def fields(self) -> NoteFields:
        """As fields; what is unwanted somewhere is not wanted elsewhere."""
        must = tuple(kind for kind in self.must if kind not in self.no_kinds)
        return NoteFields.model_validate(
            {
                **self.money,
                "must_have": must[:10],
                "exclude_categories": tuple(self.no_kinds)[:50],
                "exclude_colours": tuple(self.no_shades)[:50],
            }
        )


def _patterns(words: Iterable[str]) -> list[tuple[str, re.Pattern[str]]]:
    return [(word, re.compile(rf"\b{_stem(word)}(?:e?s)?\b", re.IGNORECASE)) for word in words if word.strip()]


def _stem(word: str) -> str:
    """A word without its plural ending: dresses and dress, jeans and jean are one."""
    bare = word.strip().casefold()
    if bare.endswith(("sses", "shes", "ches", "xes")):
        return re.escape(bare.removesuffix("es"))
    return re.escape(bare if bare.endswith("ss") else bare.removesuffix("s"))


def _named(clause: str, patterns: Iterable[tuple[str, re.Pattern[str]]]) -> list[str]:
    return [word for word, pattern in patterns if pattern.search(clause)]


def said_of(fields: NoteFields) -> tuple[str, ...]:
    """One short plain sentence for each thing understood, for the stylist."""
    sentences = (
        (fields.must_have, "Wants {}."),
        (fields.exclude_categories, "Wants no {}."),
        (fields.exclude_colours, "Wants nothing in {}."),
    )
    told = [words.format(", ".join(each)) for each, words in sentences if each]
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
    excluded = [each for each in said.exclude_categories if plain(each) not in stated]
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
