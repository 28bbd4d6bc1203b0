"""The two templates of a mail. MJML becomes table-laid HTML with every style inlined; that is done once a process,
with the placeholders left in, so that a mail costs one rendering of a Jinja template."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from textwrap import fill
from typing import Final

import mrml
from jinja2 import Environment, StrictUndefined, Template

FOLDER: Final = Path(__file__).parent / "templates"


@cache
def html() -> Template:
    """The HTML part; escapes whatever is put into it."""
    laid_out = mrml.to_html((FOLDER / "outreach.mjml").read_text("utf-8")).content
    return _environment(autoescape=True).from_string(laid_out)


@cache
def plain() -> Template:
    """The text part; holds the same words and links."""
    environment = _environment(autoescape=False)
    environment.filters["filled"] = _filled
    return environment.from_string((FOLDER / "outreach.txt").read_text("utf-8"))


def _environment(*, autoescape: bool) -> Environment:
    return Environment(
        autoescape=autoescape,  # noqa: S701  off for the plain-text part alone, where nothing is markup
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _filled(words: str, indent: str = "") -> str:
    """Lines of at most 76 characters, the later ones with `indent`."""
    return fill(words, 76, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
