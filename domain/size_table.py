"""Translate sizes that the shop does not make into those that it does: other spellings, the shop's own table, and
women's sizes of Europe, Britain and the United States."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Final

from domain.sizes import fold_size, parse_size

SizeTable = Mapping[str, tuple[str, ...]]
"""The shop's own: by folded size, what it is taken for, the first that is made."""

_WORD: Final = re.compile(r"^(?:(x+|\d+ ?x|(?:extra )+)[- ]?)?(small|medium|large)$")
_SYSTEM: Final = re.compile(r"^(eu|uk|us)[ -]?(\d{1,2})$")
_AFTER: Final = re.compile(r"^(\d{1,2})[ -]?(eu|uk|us)$")
_ROWS: Final = (
    ("xxs", 32, 4, 0), ("xs", 34, 6, 2), ("s", 36, 8, 4), ("s", 38, 10, 6), ("m", 40, 12, 8), ("l", 42, 14, 10),
    ("xl", 44, 16, 12), ("xxl", 46, 18, 14), ("xxxl", 48, 20, 16),
)  # fmt: skip
"""Letter, and the numbers of EU, UK and US, for women. Men's numbers and shoes are for the shop's own table."""


def translate_size(size: str, made_sizes: AbstractSet[str], table: SizeTable) -> str | None:
    """Translate a size into one of the folded sizes that are made; None where none is the same."""
    return next((made for equal in _list_equals(fold_size(size), table) if (made := _find(equal, made_sizes))), None)


def translate_sizes(sizes: Iterable[str], made_sizes: AbstractSet[str], table: SizeTable) -> tuple[str, ...]:
    """Translate those sizes that can be, each once, in their order."""
    translated = (translate_size(size, made_sizes, table) for size in sizes)
    return tuple(dict.fromkeys(size for size in translated if size is not None))


def _find(size: str, made_sizes: AbstractSet[str]) -> str | None:
    """Find a size under any spelling of its letters: XXL is 2XL."""
    if size in made_sizes:
        return size
    parsed = parse_size(size)
    if parsed is None or parsed[0] != "letters":
        return None
    return next((made for made in sorted(made_sizes) if parse_size(made) == parsed), None)


def _list_equals(size: str, table: SizeTable) -> Iterator[str]:
    yield size
    yield from (fold_size(other) for other in table.get(size, ()))
    if match := _WORD.match(size):
        yield _spell_letters(match[1] or "", match[2])
    if match := _SYSTEM.match(size):
        yield from _convert(match[1], int(match[2]))
    elif match := _AFTER.match(size):
        yield from _convert(match[2], int(match[1]))


def _spell_letters(before: str, word: str) -> str:
    digits = re.sub(r"\D", "", before)
    return f"{digits}x{word[0]}" if digits else f"{'x' * before.count('x')}{word[0]}"


def _convert(system: str, number: int) -> Iterator[str]:
    """List what a number of a system is called: with its system, alone, and in the other systems."""
    yield from (f"{system} {number}", f"{system}{number}", str(number))
    for letter, *numbers in _ROWS:
        named = dict(zip(("eu", "uk", "us"), numbers, strict=True))
        if named[system] == number:
            yield from (f"{name} {other}" for name, other in named.items() if name != system)
            yield letter
