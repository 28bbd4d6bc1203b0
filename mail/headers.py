"""Encodes and checks header values. Line breaks and encoded-words are refused on every Python, since several versions
let them through into the next header (CVE-2024-6923, CVE-2026-1299)."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from email.header import Header
from email.utils import formataddr
from typing import Final

from errors import BadInput

_REFUSED: Final = frozenset({"Cc", "Cs", "Zl", "Zp"})
_REORDERING: Final = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
"""Marks that change the direction of the text after them, so that a reader sees other words than the stored ones."""


def require_one_line(text: str, field: str) -> str:
    """Return `text` if it may become a header. Raises BadInput naming `field`."""
    if any(unicodedata.category(c) in _REFUSED or c in _REORDERING for c in text):
        raise BadInput("holds a line break or another control character; give one line of plain text", field)
    if "=?" in text:
        raise BadInput("holds an encoded-word (=?…?=); give the plain words", field)
    return text


def encode_text(text: str, field: str) -> str:
    """Encode free text as a header's value; text beyond ASCII becomes encoded-words of the length that RFC 2047 allows.

    Raises:
        BadInput: names `field`.
    """
    safe = require_one_line(text, field)
    return safe if safe.isascii() else Header(safe, "utf-8", maxlinelen=64).encode(linesep="\r\n")


def format_mailbox(name: str, address: str) -> str:
    """Format `name <address>`; leave out a name that may not stand in a header, since the address alone is enough."""
    try:
        name = require_one_line(name, "name").strip()
    except BadInput:
        return address
    return formataddr((name, address)) if name.isascii() else f"{encode_text(name, 'name')} <{address}>"


def format_header(name: str, value: str) -> str:
    """Format one header, folded at spaces to lines of at most 78 characters where possible.

    A value that is already folded (encoded-words) stays as it is.
    """
    whole = f"{name}: {value}"
    if len(whole) <= 78 or "\r\n" in value:
        return whole
    return "\r\n".join(_fold(whole.split(" ")))


def _fold(parts: list[str]) -> Iterator[str]:
    """Yield lines that join to the same words with one space between them; never a line of white space alone."""
    row = parts[0]
    for part in parts[1:]:
        if len(row) + 1 + len(part) > 78 and row.strip(" ") and not row.endswith(":") and part:
            yield row
            row = f" {part}"
        else:
            row = f"{row} {part}"
    yield row
