"""Cut the tokens of a note into sentences and clauses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from domain.fixes.reading.tokens import Token


class Clause(NamedTuple):
    """The tokens from `start` to `end` between two commas or full stops. `first`: it begins a sentence."""

    start: int
    end: int
    first: bool
    colon: bool = False
    """Whether a colon stands before it."""


def split_into_clauses(tokens: Sequence[Token]) -> list[Clause]:
    """Split tokens into clauses at commas, dashes, brackets and the ends of sentences."""
    clauses: list[Clause] = []
    start, first, colon = 0, True, False
    for place, token in enumerate((*tokens, Token("", 0, 0, "stop"))):
        if token.kind not in ("comma", "stop"):
            continue
        if place > start:
            clauses.append(Clause(start, place, first, colon))
            first = False
        start = place + 1
        first = first or token.kind == "stop"
        colon = token.text == ":"
    return clauses
