"""What a search asks of the words of an item."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

Facet: TypeAlias = Literal["category", "brand", "colour", "size", "material", "occasion", "season"]
"""What an item is described by in fixed words."""


class Alternative(NamedTuple):
    """One way to answer a clause: by `words` in a row somewhere in the texts or, with `facet`, by exactly that value.
    `boost`: how much it counts."""

    words: str
    facet: Facet | None = None
    boost: float = 1.0


class SearchClause(NamedTuple):
    """What an item must answer in one way at least; where it is not `required` it only comes first."""

    alternatives: tuple[Alternative, ...]
    required: bool = True
