"""What a hostile writer writes, from the files in `bench/data/hostile`; it knows nothing of the rules that hold it.

A language is added by adding its file.
"""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

FOLDER: Final = Path(__file__).parent / "data" / "hostile"
LANGUAGES: Final = ("en", "de", "fr", "es", "ar")


class HostileItem(NamedTuple):
    """An item of the made-up mail."""

    title: str
    noun: str
    colour: str
    material: str
    maker: str


class HostileTexts(NamedTuple):
    """The texts of one language. `true`: sentences that are true of the mail's facts as they stand, which the generator
    makes false. `false`: as models wrote them. `swapped`: false once an item is given the colour, material or maker of
    another. `cards` and `pronoun`: false on the card of any other item. `counts`: of the client's orders; the first is
    true."""

    items: tuple[HostileItem, ...]
    owned: tuple[str, str]
    true: tuple[str, ...]
    false: tuple[str, ...]
    swapped: tuple[str, ...]
    cards: tuple[str, ...]
    pronoun: str
    counts: tuple[str, ...]
    denials: tuple[str, ...]
    causes: tuple[str, ...]


@cache
def load_texts(language: str) -> HostileTexts:
    """Load the texts of a language."""
    texts: dict[str, Any] = tomllib.loads((FOLDER / f"{language}.toml").read_text(encoding="utf-8"))
    texts["items"] = [HostileItem(**item) for item in texts["items"]]
    texts["owned"] = (texts["owned"]["title"], texts["owned"]["colour"])
    frozen: dict[str, Any] = {name: tuple(value) if isinstance(value, list) else value for name, value in texts.items()}
    return HostileTexts(**frozen)
