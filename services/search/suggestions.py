"""How what somebody types may go on."""

from __future__ import annotations

from domain.fixes.reading.tokens import fold_text
from models.base import ItemId
from services.search.search_engine import SearchEngine


def complete_text(engine: SearchEngine, text: str, n: int) -> tuple[list[str], list[ItemId]]:
    """Complete the last word of a text: searches, and items whose titles go on like it, at most `n` of each.

    Of a word that nothing begins with, the word that was meant is taken.
    """
    before, begun = _split(text)
    ends = engine.complete_word(begun, before, n)
    if not ends and (meant := engine.correct_word(begun)):
        begun = meant
        ends = engine.complete_word(meant, before, n)
    queries = [f"{before} {end}".strip() for end in ends]
    return queries, engine.find_titles(before, begun, n) if ends else []


def _split(text: str) -> tuple[str, str]:
    """Split off the word that is being typed; after a space the last whole word is taken as begun."""
    words = fold_text(text).split()
    return (" ".join(words[:-1]), words[-1]) if words else ("", "")
