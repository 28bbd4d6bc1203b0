"""Writes words in quoted-printable (RFC 2045, 6.7), and templates whose own text is written so once, not in each mail.

In what such a template writes, a soft line break stands around each value: whoever reads it back gets the same words.
"""

from __future__ import annotations

from binascii import b2a_qp
from typing import Any, Final

from jinja2 import Environment, Template, nodes
from jinja2.filters import FILTERS

LONGEST: Final = 76
"""Characters in a line, with the `=` of a soft line break."""
_SOFT_BREAK: Final = "=\r\n"


def escape(words: str) -> str:
    """Write `words` in HTML, as templates do."""
    return str(FILTERS["escape"](words))


def quote(words: str) -> bytes:
    """Write `words`, whatever line breaks they have. `=_` never occurs, so a boundary may begin with it."""
    return guard_from(_encode(words))


def guard_from(quoted: bytes) -> bytes:
    """Write the `From ` that begins a line in another way: some servers change such a line, which would break the
    signature."""
    while b"\r\nFrom " in quoted:
        quoted = quoted.replace(b"\r\nFrom ", b"\r\n=46rom =\r\n")  # a line of its own: none is over 76 long
    return quoted


def build_quoted(environment: Environment, source: str) -> Template:
    """Build a template of HTML that writes quoted-printable, which `guard_from` finishes; it escapes every value."""
    quoting = environment.overlay(autoescape=False, finalize=_quote_value)
    tree = quoting.parse(source)
    for text in tree.find_all(nodes.TemplateData):
        text.data = _quote_piece(text.data)
    return Template.from_code(quoting, quoting.compile(tree), quoting.make_globals(None))


def _quote_value(value: Any) -> str:
    words = str(value)
    if words.isalnum() and words.isascii() and len(words) < LONGEST:
        return words + _SOFT_BREAK  # nothing to escape or encode
    return _quote_piece(escape(words))


def _quote_piece(words: str) -> str:
    """Write a piece that begins at the start of a line and ends with one, so that any piece may follow."""
    quoted = _encode(words).decode("ascii")
    if not quoted or quoted.endswith("\n"):
        return quoted
    if len(quoted) - quoted.rfind("\n") > LONGEST:  # no room for the `=` in its last line
        cut = -3 if quoted[-3] == "=" else -1
        quoted = quoted[:cut] + _SOFT_BREAK + quoted[cut:]
    return quoted + _SOFT_BREAK


def _encode(words: str) -> bytes:
    lines = words.replace("\r\n", "\n").replace("\r", "\n")
    return b2a_qp(lines.encode(), istext=True).replace(b"\n", b"\r\n")
