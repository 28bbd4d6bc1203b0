"""Find how tall a client says to be: what is cut for short or tall people is meant then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

from domain.fixes.reading.amounts import parse_number
from domain.fixes.reading.tokens import Token

PETITE_CM: Final = 160
TALL_CM: Final = 180
_HUMAN: Final = range(130, 226)
_FOOT_CM: Final = 30.48
_INCH_CM: Final = 2.54
_CENTIMETRES: Final = frozenset({"cm", "سم", "centimetros", "zentimeter", "centimetres"})
_METRES: Final = frozenset({"m", "metros", "metro", "metres", "metre", "meter", "متر"})
_FEET: Final = frozenset({"ft", "feet", "foot"})


class HeightMention(NamedTuple):
    """A height that is out of the ordinary: petite or tall, and the tokens that say it."""

    value: str
    start: int
    end: int


def find_heights(tokens: Sequence[Token], note: str, cues: frozenset[str]) -> list[HeightMention]:
    """Find heights below PETITE_CM or from TALL_CM on. `cues`: words such as "measure", after which 1,90 is one."""
    found = []
    for place, token in enumerate(tokens):
        centimetres, end = _read_height(tokens, place, note, cues) if token.kind == "number" else (0.0, place)
        if round(centimetres) in _HUMAN and not PETITE_CM < round(centimetres) < TALL_CM:
            found.append(HeightMention("petite" if centimetres <= PETITE_CM else "tall", place, end))
    return found


def _read_height(tokens: Sequence[Token], place: int, note: str, cues: frozenset[str]) -> tuple[float, int]:
    """Read a height in centimetres, and where it ends; 0: it is none."""
    value = float(parse_number(tokens[place].text))
    following = tokens[place + 1] if place + 1 < len(tokens) else None
    later = tokens[place + 2] if place + 2 < len(tokens) else None
    inches = float(later.text) if later is not None and later.kind == "number" and later.text.isdigit() else 0.0
    if following is not None and following.text in _CENTIMETRES:
        return value, place + 2
    if following is not None and following.text in _METRES:
        close = inches and later is not None and later.start == following.end
        return (value * 100 + inches, place + 3) if close and value == 1 else (value * 100, place + 2)
    if following is not None and following.text in _FEET and 4 <= value <= 7:
        return value * _FOOT_CM + inches * _INCH_CM, place + (3 if inches else 2)
    if note[tokens[place].end : tokens[place].end + 1] in ("'", "\u2019", "\u2032") and 4 <= value <= 7:
        close = following is not None and following.kind == "number"
        inch = float(parse_number(following.text)) if close and following is not None else 0.0
        return value * _FOOT_CM + inch * _INCH_CM, place + (2 if close else 1)
    before = {token.text for token in tokens[max(0, place - 2) : place]}
    centimetres = value if value in _HUMAN else value * 100
    return (centimetres, place + 1) if before & cues and round(centimetres) in _HUMAN else (0.0, place)
