"""Sizes as shops write them: compared, put in order, and what a client's fit history says of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from domain.histories import plain
from models.events import Fit

ONE_SIZE: Final = frozenset({"", "one size", "one-size", "onesize", "one_size", "os", "o/s"})

_LETTERS: Final = {"S": -1.0, "SMALL": -1.0, "M": 0.0, "MED": 0.0, "MEDIUM": 0.0, "L": 1.0, "LARGE": 1.0}
_NUMBER: Final = re.compile(r"^([A-Z. ]*?) ?(\d{1,4}(?:[.,]\d{1,2})?) ?([A-Z]{0,3})$")
_PAIR: Final = re.compile(r"^([A-Z]?)(\d{1,3}) ?[/X-] ?[A-Z]?(\d{1,3})$")
_EXTRA: Final = re.compile(r"^(\d{0,2})(X*)(S|L)$")


def plain_size(size: str) -> str:
    """A size as it is compared; empty: one size for all."""
    word = plain(size)
    return "" if word in ONE_SIZE else word


def ordered(size: str) -> tuple[str, float] | None:
    """The system that a size belongs to (letters, numbers, waist and length, numbers with a cup or width), and its
    order there, rising; None where no order can be read. Orders of different systems cannot be compared."""
    size = " ".join(size.upper().split())
    if size in _LETTERS:
        return "letters", _LETTERS[size]
    if (found := _EXTRA.match(size)) and (found[1] or found[2]):
        steps = (float(found[1]) if found[1] else float(len(found[2]))) + 1
        return "letters", steps if found[3] == "L" else -steps
    if found := _PAIR.match(size):
        return f"{found[1]}pair", float(found[2]) + float(found[3]) / 1_000
    if found := _NUMBER.match(size):
        return f"{found[1].strip()}number{found[3]}", float(found[2].replace(",", "."))
    return _between(size)


def _between(size: str) -> tuple[str, float] | None:
    """ "S/M" and "M-L" lie between their parts."""
    parts = [ordered(part.strip()) for part in re.split("[/-]", size)] if re.search("[/-]", size) else []
    if len(parts) != 2 or parts[0] is None or parts[1] is None or parts[0][0] != parts[1][0]:
        return None
    return parts[0][0], (parts[0][1] + parts[1][1]) / 2


def neighbour(size: str, made: Iterable[str], larger: bool) -> str | None:
    """The next larger or smaller of the sizes in which something is made; None where none is known to be."""
    at = ordered(size)
    if at is None:
        return None
    places = {each: place[1] for each in made if (place := ordered(each)) and place[0] == at[0]}
    if larger:
        return min((place for place in places if places[place] > at[1]), key=lambda each: places[each], default=None)
    return max((place for place in places if places[place] < at[1]), key=lambda each: places[each], default=None)


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
