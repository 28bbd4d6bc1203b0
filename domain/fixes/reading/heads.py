"""Find which piece an attribute or an occasion of a note is said of."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from domain.fixes.reading.clauses import Clause
from domain.fixes.reading.scopes import Mention
from domain.fixes.reading.strengths import SMALL_OCCASIONS

BOUND: Final = ("colour", "material", "pattern")
"""Kinds that go on to the next of their kind: "cashmere or merino jumpers", "a skirt in rust or olive"."""


def find_heads(mentions: Sequence[Mention], clauses: Sequence[Clause]) -> dict[int, str]:
    """Find the category that each mention, by its id(), belongs to; empty where it is said of the whole box."""
    return _find_own(mentions, clauses) | _find_own_occasions(mentions)


def _find_own(mentions: Sequence[Mention], clauses: Sequence[Clause]) -> dict[int, str]:
    """Find the category that each attribute belongs to: that of its group; else the only one before it in its sentence:
    "a dress for a wedding, ideally in burgundy"."""
    own = {id(mention): _find_in_group(mention, mentions) for mention in mentions} | _find_beside(mentions)
    for one, other in (*pairwise(mentions), *pairwise(reversed(mentions))):
        if not own[id(other)] and (one.thing.kind, one.clause) == (other.thing.kind, other.clause):
            own[id(other)] = own[id(one)] if one.thing.kind in BOUND and one.mode == other.mode else ""
    return {id(entry): own[id(entry)] or _find_topic(entry, mentions, clauses) for entry in mentions}


def _find_own_occasions(mentions: Sequence[Mention]) -> dict[int, str]:
    """Find the category that each occasion is said of: of "jeans and one nice blouse for dinner" the blouse."""
    wanted = [entry for entry in mentions if entry.thing.kind == "category" and entry.mode in ("", "must", "prefer")]
    own = {}
    for mention in mentions:
        if mention.thing.kind != "occasion":
            continue
        head = next((entry for entry in wanted if entry.group == mention.group and entry.start < mention.start), None)
        others = {entry.thing.value for entry in wanted if head is not None and entry.start < head.start}
        small = mention.after_preposition and mention.thing.value in SMALL_OCCASIONS
        own[id(mention)] = head.thing.value if head is not None and small and others - {head.thing.value} else ""
    return own


def _find_topic(mention: Mention, mentions: Sequence[Mention], clauses: Sequence[Clause]) -> str:
    """Find the only category wanted before a colour, cloth or pattern in its sentence, where it continues it."""
    if mention.thing.kind not in BOUND or mention.cued or mention.mode == "avoid":
        return ""
    if not any(entry.after_preposition or entry.soft for entry in mentions if entry.clause == mention.clause):
        return ""
    first = next(number for number in range(mention.clause, -1, -1) if number == 0 or clauses[number].first)
    before = {
        entry.thing.value
        for entry in mentions
        if first <= entry.clause <= mention.clause and entry.start < mention.start and entry.thing.kind == "category"
        and entry.mode in ("", "must", "prefer")
    }  # fmt: skip
    return before.pop() if len(before) == 1 else ""


def _find_in_group(mention: Mention, mentions: Sequence[Mention]) -> str:
    """Find the category of the group of a mention: the last before it, "a skirt with a top in silk", else the first."""
    named = [entry for entry in mentions if entry.group == mention.group and entry.thing.kind == "category"]
    before = [entry for entry in named if entry.start < mention.start]
    return (before or named[:1])[-1].thing.value if named else ""


def _find_beside(mentions: Sequence[Mention]) -> dict[int, str]:
    """Find the category right beside which an attribute stands, on one side: of "a skirt with a dressy top" the top."""
    before, after = _find_next(mentions, forward=False), _find_next(mentions, forward=True)
    return {key: before[key] if key in before else after[key] for key in before.keys() ^ after.keys()}


def _find_next(mentions: Sequence[Mention], *, forward: bool) -> dict[int, str]:
    """Find the category that follows each attribute, or precedes it, with nothing but attributes between."""
    found: dict[int, str] = {}
    for one, other in pairwise(reversed(mentions) if forward else mentions):
        near = other.end == one.start if forward else one.end == other.start
        if near and one.group == other.group and other.thing.kind != "category":
            head = one.thing.value if one.thing.kind == "category" else found.get(id(one), "")
            if head:
                found[id(other)] = head
    return found
