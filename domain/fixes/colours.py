"""Which colours go together, by their names: quiet ones with all, others by their distance on the colour wheel."""

from __future__ import annotations

import re
from functools import lru_cache
from types import MappingProxyType
from typing import Final

_QUIET_NAMES: Final = """black white grey gray navy cream ivory beige camel tan brown taupe charcoal khaki stone denim
    nude ecru sand oat chocolate silver gold natural neutral midnight"""
QUIET: Final = frozenset(_QUIET_NAMES.split())
"""Colours that go with every other."""
HUES: Final = MappingProxyType(
    {
        "red": 0, "scarlet": 5, "coral": 10, "rust": 16, "terracotta": 16, "orange": 30, "peach": 28, "amber": 40,
        "mustard": 46, "yellow": 55, "lemon": 56, "lime": 80, "olive": 70, "green": 120, "sage": 110, "mint": 150,
        "forest": 140, "emerald": 150, "teal": 180, "turquoise": 178, "aqua": 182, "sky": 200, "blue": 220,
        "cobalt": 222, "indigo": 240, "lavender": 262, "lilac": 270, "violet": 272, "purple": 282, "plum": 310,
        "magenta": 315, "fuchsia": 320, "pink": 335, "rose": 342, "blush": 345, "burgundy": 348, "wine": 348,
        "maroon": 350,
    }
)  # fmt: skip
"""Degrees on the colour wheel."""
SHADES: Final = MappingProxyType(
    {
        **dict.fromkeys(("white", "cream", "ivory", "beige", "ecru", "oat", "sand", "stone", "nude"), "pale"),
        **dict.fromkeys(("black", "navy", "charcoal", "midnight"), "dark"),
    }
)
"""Quiet colours that look about the same on two pieces of one cut."""
UNKNOWN: Final = 0.7
"""Of a colour without a known name, or of several colours."""
NEAR: Final = 40.0
OPPOSITE: Final = 150.0
_WORD: Final = re.compile(r"[a-z]+")


def find_shade(name: str) -> str:
    """Find the shade of a colour, such as pale for cream; the colour itself where it is of none."""
    return SHADES.get(name, name)


@lru_cache(maxsize=16_384)
def score_colours(one: str, other: str) -> float:
    """Score how well two colours go together, 0 to 1: 1 where one is quiet, least where both shout."""
    a, b = _read_colour(one), _read_colour(other)
    if a == "quiet" or b == "quiet":
        return 1.0
    if a is None or b is None:
        return UNKNOWN
    apart = abs(float(a) - float(b)) % 360
    apart = min(apart, 360 - apart)
    if apart <= NEAR:
        return 0.85
    return 0.55 if apart >= OPPOSITE else 0.3


@lru_cache(maxsize=4_096)
def _read_colour(name: str) -> str | int | None:
    """Read a colour by its last known word, as in "dark green": "quiet", its hue, or None."""
    for word in reversed(_WORD.findall(name.casefold())):
        if word in QUIET:
            return "quiet"
        if word in HUES:
            return HUES[word]
    return None
