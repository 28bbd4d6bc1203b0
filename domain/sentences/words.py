"""Split a sentence into words, and compare words in their inflected forms."""

from __future__ import annotations

import re
from collections.abc import Container
from functools import lru_cache
from typing import Final, NamedTuple
from unicodedata import decimal

import snowballstemmer

from domain.wording import fold

STEMMERS: Final = {"en": "english", "de": "german", "fr": "french", "es": "spanish"}
"""Arabic has none here: the one that there is cuts a word with and without its article to two stems."""
_ARABIC_CLITICS: Final = ("وال", "بال", "كال", "فال", "لل", "ال", "و", "ب", "ل")
_PART: Final = re.compile(r"[^\W_]+|[^\w\s]|_")
_QUIET: Final = frozenset("'\"&،")
_BREAKS: Final = frozenset(",;:،؛")
_STOPS: Final = frozenset(".。۔…")


class Words(NamedTuple):
    """The folded words of one sentence. `breaks`: positions before which a comma or the like stands. `signs`: what a
    sentence may not hold."""

    words: tuple[str, ...]
    breaks: frozenset[int]
    signs: tuple[str, ...]


@lru_cache(maxsize=16_384)
def split_words(text: str) -> Words:
    """Split a sentence into words, breaks and signs; its last full stop is left out."""
    words: list[str] = []
    breaks: set[int] = set()
    signs: list[str] = []
    flat = "".join(str(digit) if (digit := decimal(sign, None)) is not None else sign for sign in fold(text)).strip()
    while flat and flat[-1] in _STOPS:
        flat = flat[:-1].rstrip()
    for part in _PART.finditer(flat):
        sign = part.group()
        if sign[0].isalnum():
            words.append(sign)
        elif sign in _BREAKS or (sign == "-" and flat[part.start() - 1 : part.start()] == " "):
            breaks.add(len(words))
        elif sign == "." and flat[part.start() - 1 : part.start()].isdigit():
            continue  # of an ordinal, as in 3. März
        elif sign not in _QUIET and sign != "-":
            signs.append(sign)
    return Words(tuple(words), frozenset(breaks), tuple(signs))


def separate(sentence: Words, prefix: str, known: Container[str]) -> Words:
    """Separate an "and" that is written together with a known word, where the whole is no known word."""
    words: list[str] = []
    breaks: set[int] = set()
    for place, word in enumerate(sentence.words):
        if place in sentence.breaks:
            breaks.add(len(words))
        rest = word.removeprefix(prefix)
        cut = rest != word and len(rest) > 1 and word not in known and rest in known
        words += [prefix, rest] if cut else [word]
    if len(sentence.words) in sentence.breaks:
        breaks.add(len(words))
    return Words(tuple(words), frozenset(breaks), sentence.signs)


@lru_cache(maxsize=65_536)
def list_keys(word: str, language: str) -> frozenset[str]:
    """List the forms under which a folded word may be compared with another: itself and its stem."""
    if language == "ar":
        bare = {word, *(word[len(c) :] for c in _ARABIC_CLITICS if word.startswith(c) and len(word) > len(c) + 2)}
        return frozenset({*bare, *(form.removesuffix("ية") + "ي" for form in bare if form.endswith("ية"))})
    if language not in STEMMERS or not word.isalpha():
        return frozenset({word})
    return frozenset({word, _load_stemmer(language).stemWord(word)})


@lru_cache(maxsize=8)
def _load_stemmer(language: str) -> snowballstemmer.stemmer:
    return snowballstemmer.stemmer(STEMMERS[language])
