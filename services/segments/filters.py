"""Read filters as callers give them, and refuse what cannot be meant."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Connection

from domain.segments.limits import list_parts, validate_tree
from domain.segments.rendering import render_text
from domain.segments.sentence import say_filter
from domain.segments.text import parse_text
from domain.segments.text_faults import show
from domain.segments.vocabulary import ATTRIBUTE, suggest
from errors import BadInput
from models.segment_answers import FilterInput, SegmentQuestion
from models.segments import Enrolment, Everyone, Filter, Happening, WordChoice, dump_filter
from store.segments import known_words
from store.segments.attributes import load_types
from store.segments.segments import load_segment

_NOUNS: Final = {
    "categories": "category",
    "brands": "brand",
    "items": "item",
    "campaigns": "campaign",
    "tag": "tag",
    "size": "size",
    "style": "style",
}


def read_filter(connection: Connection, given: FilterInput) -> Filter:
    """Read a filter from text or JSON, and require that what it names exists. Raises BadInput, TooLarge."""
    tree = parse_text(given) if isinstance(given, str) else validate_tree(given)
    require_known(connection, tree)
    return tree


def find_filter(connection: Connection, question: SegmentQuestion) -> Filter:
    """Find the filter that a question is about. Raises NotFound for an unknown segment, BadInput."""
    if question.segment is not None:
        return load_segment(connection, question.segment).tree
    return Everyone() if question.filter is None else read_filter(connection, question.filter)


def describe_filter(tree: Filter) -> dict[str, Any]:
    """Return the three forms of a filter: text, sentence, tree."""
    return {"text": render_text(tree), "sentence": say_filter(tree), "filter": dump_filter(tree)}


def require_known(connection: Connection, tree: Filter) -> None:
    """Require that somebody has each tag, size and style, and that each category, brand, item and campaign exists.

    Raises BadInput naming the nearest that there is.
    """
    _require_declared(connection, tree)
    for field, word in sorted(set(_list_words(tree))):
        if not known_words.is_word_known(connection, field, word):
            near = suggest(word, known_words.list_known_words(connection, field))
            nobody = "nobody has the" if field in known_words.CHECKED else "there is no"
            raise BadInput(f"{nobody} {_NOUNS[field]} {show(word)}{near}", "filter")


def _require_declared(connection: Connection, tree: Filter) -> None:
    """Require that the attributes of a filter are declared, with types of which it can be asked. Raises BadInput."""
    asked = sorted(set(_list_attributes(tree)))
    declared = load_types(connection) if asked else {}
    for name, kind in asked:
        if name not in declared:
            raise BadInput(f"no attribute {show(name)} is declared{suggest(name, declared)}", "filter")
        if kind and declared[name] != kind:
            raise BadInput(f"attr.{name} is a {declared[name]}, and is asked for as a {kind}", "filter")


def _list_attributes(tree: Filter) -> Iterator[tuple[str, str]]:
    """List the attributes of a filter, each with the type as which it is asked for; empty: any."""
    for part in list_parts(tree):
        yield from _list_attributes(part)
    field = str(getattr(tree, "field", ""))
    if field.startswith(ATTRIBUTE):
        kinds = {"choice": "text", "number": "number", "moment": "date", "flag": "boolean"}
        yield field.removeprefix(ATTRIBUTE), kinds.get(tree.kind, "")


def _list_words(tree: Filter) -> Iterator[tuple[str, str]]:
    """List the words of a filter that must exist, with their fields."""
    for part in list_parts(tree):
        yield from _list_words(part)
    if isinstance(tree, WordChoice) and tree.field in known_words.CHECKED:
        yield from ((str(tree.field), value) for value in tree.values)
    if isinstance(tree, Enrolment):
        yield "campaigns", tree.campaign
    if isinstance(tree, Happening):
        for field in ("categories", "brands", "items", "campaigns"):
            yield from ((field, value) for value in getattr(tree, field))
