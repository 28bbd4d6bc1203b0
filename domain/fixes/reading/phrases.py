"""Match lists of plain phrases, such as those that say that an amount is the most."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from domain.fixes.reading.tokens import Token, split_into_tokens
from domain.fixes.reading.vocabulary import Language


class PhraseList:
    """Phrases of one use, the longest first."""

    def __init__(self, language: Language, entries: Iterable[str]) -> None:
        self._language = language
        patterns = {tuple(token.text if token.text else "_" for token in split_into_tokens(entry)) for entry in entries}
        with_gaps = {tuple(entry.split()) for entry in entries if "_" in entry.split()}
        self._patterns = sorted((with_gaps | patterns) - {()}, key=lambda pattern: (-len(pattern), pattern))
        self.words = frozenset(pattern[0] for pattern in self._patterns if len(pattern) == 1)

    def match_from(self, tokens: Sequence[Token], start: int) -> int:
        """Return how many tokens from `start` are one of the phrases; 0: none."""
        return next((len(pattern) for pattern in self._patterns if self._fits(pattern, tokens, start)), 0)

    def match_up_to(self, tokens: Sequence[Token], end: int) -> int:
        """Return how many tokens before `end` are one of the phrases; 0: none."""
        return next((len(one) for one in self._patterns if self._fits(one, tokens, end - len(one))), 0)

    def is_within(self, tokens: Sequence[Token], start: int, end: int) -> bool:
        """Return whether one of the phrases lies between `start` and `end`."""
        return any(0 < self.match_from(tokens, place) <= end - place for place in range(start, end))

    def _fits(self, pattern: tuple[str, ...], tokens: Sequence[Token], start: int) -> bool:
        if start < 0 or start + len(pattern) > len(tokens):
            return False
        return all(self._is_word(word, tokens[start + offset]) for offset, word in enumerate(pattern))

    def _is_word(self, word: str, token: Token) -> bool:
        if word in ("_", token.text):
            return True
        forms = self._language.list_forms(token.text)[1:] if self._language.prefixes else ()
        return self._language.stem(word) in forms


def list_numbers(language: Language, tokens: Sequence[Token], place: int) -> tuple[int, int]:
    """Return how many tokens from `place` are a number in words, and its value; (0, 0): none."""
    best = (0, 0)
    for phrase, value in language.words.get("numbers", {}).items():
        words = phrase.split()
        if len(words) > best[0] and [token.text for token in tokens[place : place + len(words)]] == words:
            best = (len(words), int(value))
    return best
