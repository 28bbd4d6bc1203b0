"""Sizes as shops write them: normalise, order, and choose those that a client can wear."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from domain.histories import normalise_word
from models.events import Fit

ONE_SIZE: Final = frozenset({"", "one size", "one-size", "onesize", "one_size", "os", "o/s"})

_LETTERS: Final = {"S": -1.0, "SMALL": -1.0, "M": 0.0, "MED": 0.0, "MEDIUM": 0.0, "L": 1.0, "LARGE": 1.0}
_NUMBER: Final = re.compile(r"^([A-Z. ]*?) ?(\d{1,4}(?:[.,]\d{1,2})?) ?([A-Z]{0,3})$")
_PAIR: Final = re.compile(r"^([A-Z]?)(\d{1,3}) ?[/X-] ?[A-Z]?(\d{1,3})$")
_EXTRA: Final = re.compile(r"^(\d{0,2})(X*)(S|L)$")


def fold_size(size: str) -> str:
    """Return a size as it is compared; empty: one size for all."""
    word = normalise_word(size)
    return "" if word in ONE_SIZE else word


def parse_size(size: str) -> tuple[str, float] | None:
    """Parse a size into its system (letters, numbers, waist and length, numbers with a cup or width) and its rank
    there.

    None where no order can be read. Ranks of different systems cannot be compared.
    """
    size = " ".join(size.upper().split())
    if size in _LETTERS:
        return "letters", _LETTERS[size]
    if (match := _EXTRA.match(size)) and (match[1] or match[2]):
        steps = (float(match[1]) if match[1] else float(len(match[2]))) + 1
        return "letters", steps if match[3] == "L" else -steps
    if match := _PAIR.match(size):
        return f"{match[1]}pair", float(match[2]) + float(match[3]) / 1_000
    if match := _NUMBER.match(size):
        return f"{match[1].strip()}number{match[3]}", float(match[2].replace(",", "."))
    return _parse_between(size)


def _parse_between(size: str) -> tuple[str, float] | None:
    """Parse a double size such as "S/M" or "M-L", which lies between its parts."""
    parts = [parse_size(part.strip()) for part in re.split("[/-]", size)] if re.search("[/-]", size) else []
    if len(parts) != 2 or parts[0] is None or parts[1] is None or parts[0][0] != parts[1][0]:
        return None
    return parts[0][0], (parts[0][1] + parts[1][1]) / 2


def rank_size(size: str) -> tuple[int, str, float, str]:
    """Rank a size among all as people read them, for sorting: letters first, then each other system, from small to
    large; last what has no order."""
    system, rank = parse_size(size) or ("", 0.0)
    return (2 if not system else 0 if system == "letters" else 1), system, rank, size


def find_neighbour(size: str, made_sizes: Iterable[str], larger: bool) -> str | None:
    """Find the next larger or smaller of the sizes `made`; None where none is known."""
    at = parse_size(size)
    if at is None:
        return None
    ranks = {name: parsed[1] for name in made_sizes if (parsed := parse_size(name)) and parsed[0] == at[0]}
    if larger:
        return min((name for name in ranks if ranks[name] > at[1]), key=lambda name: ranks[name], default=None)
    return max((name for name in ranks if ranks[name] < at[1]), key=lambda name: ranks[name], default=None)


def list_wearable(made_sizes: Iterable[str], stated: Iterable[str], verdicts: Mapping[str, Fit]) -> frozenset[str]:
    """List the normalised sizes of `made` that a client may be sent.

    `stated`: the client's sizes, of any system. `verdicts`: what they said about sizes of this category: a size that
    was too small or too large is out and its neighbour in; a size that fitted is in. When neither is known, all sizes
    are returned.
    """
    sizes = frozenset(made_sizes)
    wrong = {size for size, fit in verdicts.items() if fit is not Fit.FIT}
    fitting = {size for size, fit in verdicts.items() if fit is Fit.FIT}
    fitting |= {
        near for size in wrong if (near := find_neighbour(size, sizes, verdicts[size] is Fit.SMALL)) is not None
    }
    known = {fold_size(size) for size in stated}
    wanted = (known | fitting) - wrong
    return sizes & wanted if known or sizes & fitting else sizes - wrong
