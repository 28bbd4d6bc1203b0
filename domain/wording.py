"""Normalise texts for comparison, clean words from elsewhere so that they can stand in our own sentences, and write
prices.

A catalogue title, a name or a quiz answer may hold anything. `clean_phrase` returns what a mail may say of it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Final

from babel.numbers import format_currency

MAX_CHARACTERS: Final = 80
"""Characters of a quoted title; longer ones are cut at a word."""

_PUNCTUATION: Final = str.maketrans(
    {
        "’": "'", "‘": "'", "ʼ": "'", "′": "'", "“": '"', "”": '"', "„": '"', "«": '"', "»": '"',
        "–": "-", "—": "-", "‐": "-", "‑": "-", "−": "-", "⁄": "/", "∕": "/",
        "。": ".", "｡": ".", "․": ".", "ꓸ": ".", "．": ".",
    }
)  # fmt: skip
_MARKS_OF_TRADE: Final = str.maketrans("", "", "™®©℠")
_NOT_SPOKEN: Final = re.compile(r"[<>\[\]{}|\\^~`*_#@=!?;:\"]+")
_GLUED_DOT: Final = re.compile(r"(?<=[^\W_])\.(?=[^\W\d_]{2})")
_SPACES: Final = re.compile(r"\s+")
BLANK_LETTERS: Final = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters that are invisible."""
_NAME: Final = re.compile(r"[^\W\d_][^\W\d_'.\- ]*(?:[ '.\-]+[^\W\d_]+)*\.?")


def normalise(text: str) -> str:
    """Return one form for all spellings of a text: typographic marks and compatibility forms replaced, spaces made
    single."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(_PUNCTUATION)).translate(_PUNCTUATION)
    return _SPACES.sub(" ", text).strip()


def fold(text: str) -> str:
    """Return the normalised text without case and accents, the form in which texts are searched and names compared."""
    bare = normalise(text)
    if not bare.isascii():
        bare = "".join(c for c in unicodedata.normalize("NFD", bare) if unicodedata.category(c) != "Mn")
    return bare.casefold()


def clean_phrase(text: str) -> str:
    """Return what of `text` may be said in a sentence: no markup, invisible signs or links; empty if nothing is left.

    >>> clean_phrase("<b>J.CREW™ LINEN SHIRT</b>!!")
    'J. Crew Linen Shirt'
    """
    visible = "".join(c if _is_visible(c) else " " for c in re.sub(r"<[^<>]*>", " ", text.translate(_MARKS_OF_TRADE)))
    plain = _GLUED_DOT.sub(". ", _NOT_SPOKEN.sub(" ", normalise(visible)))
    cut = _drop_unpaired_brackets(_shorten(_SPACES.sub(" ", plain).strip(" .,-/&+%")))
    if not any(c.isalpha() for c in cut):
        return ""
    return re.sub(r"[^\W\d_]{4,}", lambda word: word.group().capitalize(), cut) if cut.isupper() else cut


def clean_name(name: str) -> str:
    """Return a first name in the form for a greeting; empty when it cannot be said."""
    plain = normalise("".join(c for c in name if _is_visible(c)))
    if len(plain) > 40 or not _NAME.fullmatch(plain) or _GLUED_DOT.search(plain):
        return ""
    return plain.title() if plain.islower() or (plain.isupper() and len(plain) > 2) else plain


def add_article(title: str) -> str:
    """Return the title with its article: `the Linen Shirt`. An article that it already has is not doubled."""
    return "the " + re.sub(r"^(the|an|a)\s+(?=\w)", "", title, flags=re.IGNORECASE)


def join_words(words: Sequence[str]) -> str:
    """Join words as in a sentence: `a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1] if words else "")))


def format_sentence(text: str) -> str:
    """Return the text with a capital letter and a full stop."""
    bare = text.strip().rstrip(".;,")
    return f"{bare[:1].upper()}{bare[1:]}." if bare else ""


def fold_words(texts: Iterable[str]) -> frozenset[str]:
    """Return the set of folded words of all `texts`."""
    return frozenset(word for text in texts for word in re.findall(r"[^\W_]+", fold(text)))


def _is_visible(c: str) -> bool:
    kind = unicodedata.category(c)
    return c not in BLANK_LETTERS and (kind[0] in "LNP" or kind in {"Mn", "Mc", "Zs", "Sc", "Sm"})


def _shorten(text: str) -> str:
    if len(text) <= MAX_CHARACTERS:
        return text
    return text[: MAX_CHARACTERS + 1].rsplit(" ", 1)[0][:MAX_CHARACTERS].rstrip(" .,-/&+%")


def _drop_unpaired_brackets(text: str) -> str:
    """Return the text without its brackets when one of a pair is missing."""
    return text if text.count("(") == text.count(")") else _SPACES.sub(" ", re.sub(r"[()]", " ", text)).strip()


@lru_cache(maxsize=4_096)
def format_price(cents: int, currency: str, language: str = "en") -> str:
    """Format `cents` (hundredths of `currency`, an ISO 4217 code) as a language does: $1,249.00, ¥4,800, 1.249,00 €.

    Prices are stored in hundredths of every currency, of those without a smaller unit too.
    """
    price = format_currency(Decimal(cents) / 100, currency, locale=language).replace("\u200f", "")
    return re.sub(r"(?<=[^\W\d_])(?=\d)", "\u00a0", price)
