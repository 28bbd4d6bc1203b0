"""Drop the words that only shade what stands beside them: of "bright red" the red is meant."""

from __future__ import annotations

from typing import Final

from domain.fixes.reading.vocabulary import Meaning, PhraseMark, Thing

_FAMILIES: Final = frozenset({"bright", "dark", "pastel", "neutral", "earthy"})


def drop_shades(marks: list[PhraseMark]) -> list[PhraseMark]:
    """Drop the shade beside a colour: of "bright red" the red is meant, and of "light green" no light cloth."""
    kept: list[PhraseMark] = []
    for place, mark in enumerate(marks):
        near = (*marks[max(0, place - 1) : place], *marks[place + 1 : place + 2])
        beside = [
            other
            for other in near
            if (other.end == mark.start or other.start == mark.end) and _is_colour(other.meaning)
        ]
        shade = any(
            (thing.kind == "colour" and thing.value in _FAMILIES) or thing == Thing("warmth", "light")
            for thing in mark.meaning.things
        )
        if not (shade and beside):
            kept.append(mark)
    return kept


def drop_prints(marks: list[PhraseMark]) -> list[PhraseMark]:
    """Drop the plain word for a print beside the kind of print: of "prints with flowers" the flowers are meant."""
    prints = [mark for mark in marks if any(thing.kind == "pattern" for thing in mark.meaning.things)]
    plain = Thing("pattern", "patterned")
    return [
        mark
        for mark in marks
        if plain not in mark.meaning.things
        or not any(
            other is not mark and 0 <= max(other.start - mark.end, mark.start - other.end) <= 1 for other in prints
        )
    ]


def _is_colour(meaning: Meaning) -> bool:
    return any(thing.kind == "colour" and thing.value not in _FAMILIES for thing in meaning.things)
