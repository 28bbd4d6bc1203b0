"""Words that others gave us, made fit to stand in a sentence of ours; and the plain forms in which texts are compared.

A catalogue title, a name or a quiz answer may hold anything. `spoken` gives what of it may be said aloud in a mail.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final

LONGEST: Final = 80
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
"""Letters that show nothing."""
_NAME: Final = re.compile(r"[^\W\d_][^\W\d_'.\- ]*(?:[ '.\-]+[^\W\d_]+)*\.?")


def normal(text: str) -> str:
    """One form for all spellings of a text: compatibility forms and typographic marks replaced, spaces made single."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text.translate(_PUNCTUATION)).translate(_PUNCTUATION)
    return _SPACES.sub(" ", text).strip()


def folded(text: str) -> str:
    """`normal`, without case and accents: the form in which claims are looked for and names compared."""
    bare = normal(text)
    if not bare.isascii():
        bare = "".join(c for c in unicodedata.normalize("NFD", bare) if unicodedata.category(c) != "Mn")
    return bare.casefold()


def spoken(text: str) -> str:
    """What of `text` may be said in a sentence: no markup, no invisible signs, no glued dots; empty if nothing is left.

    >>> spoken("<b>J.CREW™ LINEN SHIRT</b>!!")
    'J. Crew Linen Shirt'
    """
    visible = "".join(c if _is_visible(c) else " " for c in re.sub(r"<[^<>]*>", " ", text.translate(_MARKS_OF_TRADE)))
    plain = _GLUED_DOT.sub(". ", _NOT_SPOKEN.sub(" ", normal(visible)))
    cut = _balanced(_cut(_SPACES.sub(" ", plain).strip(" .,-/&+%")))
    if not any(c.isalpha() for c in cut):
        return ""
    return re.sub(r"[^\W\d_]{4,}", lambda word: word.group().capitalize(), cut) if cut.isupper() else cut


def spoken_name(name: str) -> str:
    """A first name as a greeting may hold it; empty when it is none that can be spoken."""
    plain = normal("".join(c for c in name if _is_visible(c)))
    if len(plain) > 40 or not _NAME.fullmatch(plain) or _GLUED_DOT.search(plain):
        return ""
    return plain.title() if plain.islower() or (plain.isupper() and len(plain) > 2) else plain


def the(title: str) -> str:
    """The title with its article: `the Linen Shirt`; one that it already has is not doubled."""
    return "the " + re.sub(r"^(the|an|a)\s+(?=\w)", "", title, flags=re.IGNORECASE)


def listed(words: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1] if words else "")))


def sentence(text: str) -> str:
    """With a capital and a full stop."""
    bare = text.strip().rstrip(".;,")
    return f"{bare[:1].upper()}{bare[1:]}." if bare else ""


def words(texts: Iterable[str]) -> frozenset[str]:
    """The folded words of all `texts`."""
    return frozenset(word for text in texts for word in re.findall(r"[^\W_]+", folded(text)))


def _is_visible(c: str) -> bool:
    kind = unicodedata.category(c)
    return c not in BLANK_LETTERS and (kind[0] in "LNP" or kind in {"Mn", "Mc", "Zs", "Sc", "Sm"})


def _cut(text: str) -> str:
    if len(text) <= LONGEST:
        return text
    return text[: LONGEST + 1].rsplit(" ", 1)[0][:LONGEST].rstrip(" .,-/&+%")


def _balanced(text: str) -> str:
    """Without its brackets when one of a pair is missing."""
    return text if text.count("(") == text.count(")") else _SPACES.sub(" ", re.sub(r"[()]", " ", text)).strip()
