"""The known word nearest to a mistyped one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def find_nearest(word: str, known: Iterable[str]) -> str:
    """Find the known word nearest to `word`; empty where none is near."""
    by_folded = {one.casefold(): one for one in known}
    near = get_close_matches(word.casefold(), list(by_folded), n=1, cutoff=0.6)
    return by_folded[near[0]] if near else ""


def name_nearest(word: str, known: Iterable[str]) -> str:
    """Name the nearest known word as the end of a sentence; empty where none is near."""
    near = find_nearest(word, known)
    return f"; did you mean {near}?" if near else ""
