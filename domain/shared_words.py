"""What clients say in words of their own, such as a tag or a size: a word of very few could tell who they are, and
would outlive their erasure in what was learnt. So models learn only words that several clients share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from domain.histories import normalise_word

FEWEST: Final = 3
"""Clients who must share a word for a model to learn it."""


def select_shared(used: Iterable[tuple[str, str]]) -> frozenset[str]:
    """Select the words, normalised, that at least FEWEST clients use; `used` are pairs of client and word."""
    users: dict[str, set[str]] = {}
    for client_id, word in used:
        who = users.setdefault(normalise_word(word), set())
        if len(who) < FEWEST:
            who.add(client_id)
    return frozenset(word for word, who in users.items() if len(who) >= FEWEST)
