"""Fold a note to plain letters and cut it into tokens, each of which knows where it stands in the note."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final, Literal, NamedTuple, TypeAlias

TokenKind: TypeAlias = Literal["word", "number", "stop", "comma", "join", "money"]


class Token(NamedTuple):
    """A word, a number or a sign of a note. `text`: folded; `start`, `end`: where it stands in the note."""

    text: str
    start: int
    end: int
    kind: TokenKind


_SPECIAL: Final = {
    "\u2019": "'", "\u2018": "'", "\u02bc": "'", "`": "'", "\u00b4": "'", "\u060c": ",", "\u061b": ";",
    "\u061f": "?", "\u0629": "\u0647", "\u0649": "\u064a", "\u0640": "", "\u00a0": " ", "\u202f": " ", "\u066b": ".",
    "\u066c": ",", "\u0130": "i", "\u0131": "i", "\u00ab": " ", "\u00bb": " ", "\u2011": "-", "\u2010": "-",
    "\u20ac": "\u20ac", "\u00f8": "o", "\u0142": "l",
}  # fmt: skip
_TOKEN: Final = re.compile(
    r"(?P<length>7/8)|(?P<number>\d{1,3}(?:[.,' ]\d{3})+(?:[.,]\d{1,2})?(?![\d])|\d+(?:[.,]\d{1,2})?(?![\d]))"
    r"|(?P<word>[^\W\d_]+(?:'[^\W\d_]+)*)"
    r"|(?P<money>[$£€]|(?<=\d),-)"
    r"|(?P<stop>[.!?;\n\r•…|]+)"
    r"|(?P<comma>[,:()\[\]]|(?<=\s)[-\u2013\u2014*]+(?=\s)|[\u2013\u2014]|(?<=\n)[-*])"
    r"|(?P<join>[&+/])"
    r"|(?P<picture>[\U0001f000-\U0001faff\u2600-\u27bf]+)"
)
_KINDS: Final = {"length": "word", "picture": "comma"}
"""Signs that count as others: 7/8 as a word, a picture as a comma."""
_ABBREVIATIONS: Final = frozenset({"gr", "max", "ca", "z", "b", "evtl", "ggf", "nr", "inkl", "approx", "min", "esp"})
_ELIDED: Final = re.compile(r"^(c|d|j|l|m|n|s|t|qu|jusqu|lorsqu|puisqu)'(?=..|[ay]$)")


@cache
def _fold_letter(letter: str) -> str:
    if letter in _SPECIAL:
        return _SPECIAL[letter]
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", letter) if unicodedata.category(sign) != "Mn")
    plain = "".join(str(unicodedata.digit(sign)) if sign.isdigit() and not sign.isascii() else sign for sign in plain)
    folded = plain.casefold()
    return "" if folded and unicodedata.category(folded[0]) == "Cf" else folded


def fold_text(text: str) -> str:
    """Fold a text to lower case without accents, vowel signs and variants of one letter."""
    return "".join(map(_fold_letter, text))


def split_into_tokens(note: str) -> list[Token]:
    """Split a note into tokens."""
    places: list[int] = []
    folded: list[str] = []
    for place, letter in enumerate(note):
        for sign in _fold_letter(letter):
            folded.append(sign)
            places.append(place)
    tokens: list[Token] = []
    for match in _TOKEN.finditer("".join(folded)):
        if match.group() == "." and tokens and tokens[-1].text in _ABBREVIATIONS:
            continue
        kind = _KINDS.get(match.lastgroup or "", match.lastgroup)
        _append_token(tokens, match.group(), places[match.start()], places[match.end() - 1] + 1, kind)  # type: ignore[arg-type]
    return tokens


def _append_token(tokens: list[Token], text: str, start: int, end: int, kind: TokenKind) -> None:
    """Append one token, or two where an article or pronoun is elided: l'hiver."""
    if kind == "word" and (elided := _ELIDED.match(text)):
        cut = start + len(elided.group())
        tokens.append(Token(elided[1], start, cut, kind))
        text, start = text[elided.end() :], cut
    tokens.append(Token(text.replace("'", "") if kind == "word" else text, start, end, kind))
