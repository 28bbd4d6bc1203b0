"""The two templates of a mail. MJML is converted once a process to table-based HTML with inlined styles and the
placeholders left in, so that a mail costs one rendering of a Jinja template."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from textwrap import fill
from typing import Final

import mrml
from jinja2 import Environment, StrictUndefined, Template

FOLDER: Final = Path(__file__).parent / "templates"


@cache
def load_html_template() -> Template:
    """Load the template of the HTML part; it escapes every value."""
    laid_out = mrml.to_html((FOLDER / "outreach.mjml").read_text("utf-8")).content
    return _build_environment(autoescape=True).from_string(laid_out)


@cache
def load_text_template() -> Template:
    """Load the template of the text part, with the same words and links."""
    environment = _build_environment(autoescape=False)
    environment.filters["wrapped"] = _wrap_text
    return environment.from_string((FOLDER / "outreach.txt").read_text("utf-8"))


def _build_environment(*, autoescape: bool) -> Environment:
    return Environment(
        autoescape=autoescape,  # noqa: S701  off for the plain-text part alone, where nothing is markup
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _wrap_text(words: str, indent: str = "") -> str:
    """Wrap text to lines of at most 76 characters, the later ones with `indent`."""
    return fill(words, 76, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
