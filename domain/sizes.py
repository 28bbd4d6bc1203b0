"""Sizes as shops write them: compared, put in order, and what a client's fit history says of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from domain.histories import plain
from models.events import Fit

ONE_SIZE: Final = frozenset({"", "one size", "one-size", "onesize", "one_size", "os", "o/s"})

_LETTERS: Final = re.compile(r"(?:(\d{1,2})|(x*))(xs|s|xl|l)|m")
_WORDS: Final = {"extra small": "xs", "small": "s", "medium": "m", "large": "l", "extra large": "xl"}
_NUMBERS: Final = re.compile(r"(\d+(?:\.\d+)?)(?:\s*[/x-]\s*(\d+(?:\.\d+)?))?")

Rank = tuple[str, float, float]
"""A scale, and the place on it."""


def plain_size(size: str) -> str:
    """A size as it is compared; empty: one size for all."""
    word = plain(size)
    return "" if word in ONE_SIZE else word


def rank(size: str) -> Rank | None:
    """Where a plain size stands on its scale: letters (2xs, xs, s, m, l, xl, 3xl), or numbers (38, 32/34, 9.5). None:
    on none that is known. Sizes of different scales cannot be compared."""
    if found := _NUMBERS.fullmatch(size):
        first, second = found.groups()
        return ("numbers" if second is None else "pairs", float(first), float(second or 0))
    if found := _LETTERS.fullmatch(_WORDS.get(size, size)):
        times, more, letter = found.groups()
        extra = float(times or 0) if times else float(len(more or ""))
        base = {"xs": -1.0, "s": 0.0, None: 1.0, "l": 2.0, "xl": 3.0}[letter]
        step = extra - 1 if times and letter in ("xs", "xl") else extra
        return ("letters", base + step * (-1 if letter in ("xs", "s") else 1), 0.0)
    return None


def neighbour(size: str, made: Iterable[str], larger: bool) -> str | None:
    """The next larger or smaller of the sizes in which something is made; None where none is known to be."""
    at = rank(size)
    if at is None:
        return None
    ranked = {each: place for each in made if (place := rank(each)) and place[0] == at[0]}
    if larger:
        return min((each for each in ranked if ranked[each] > at), key=lambda each: ranked[each], default=None)
    return max((each for each in ranked if ranked[each] < at), key=lambda each: ranked[each], default=None)


def wearable(made: Iterable[str], stated: Iterable[str], verdicts: Mapping[str, Fit]) -> frozenset[str]:
    """Which of the plain sizes `made` a client may be sent.

    `stated`: the sizes of the client, of any scale. `verdicts`: what they said of sizes of this category; one that
    was small or large is out and its neighbour in, one that fitted is in. Neither known: all of them.
    """
    sizes = frozenset(made)
    wrong = {size for size, fit in verdicts.items() if fit is not Fit.FIT}
    told = {size for size, fit in verdicts.items() if fit is Fit.FIT}
    told |= {near for size in wrong if (near := neighbour(size, sizes, verdicts[size] is Fit.SMALL)) is not None}
    known = {plain_size(size) for size in stated}
    wanted = (known | told) - wrong
    return sizes & wanted if known or sizes & told else sizes - wrong
