"""Write a filter as text that is read back as the same tree."""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from domain.segments.grammar import KEYWORDS
from domain.segments.vocabulary import ARGUMENTS, EVERYONE
from models.segment_words import Count, TimeSpan, TimeWindow, Worth
from models.segments import (
    SUBJECTS,
    AllOf,
    AnyOf,
    Enrolment,
    Everyone,
    Filter,
    Happening,
    Known,
    Moment,
    Not,
    Number,
    WordChoice,
)

_PLAIN: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


def render_text(tree: Filter) -> str:
    """Render a filter as text; `domain.segments.text.parse_text` reads the same filter from it."""
    if isinstance(tree, AnyOf):
        return " or ".join(_wrap(part, AnyOf) for part in tree.parts)
    if isinstance(tree, AllOf):
        return " and ".join(_wrap(part, AllOf, AnyOf) for part in tree.parts)
    return _render_denial(tree.part) if isinstance(tree, Not) else _render_leaf(tree)


def _wrap(tree: Filter, *looser: type) -> str:
    text = render_text(tree)
    return f"({text})" if isinstance(tree, looser) else text


def _render_denial(tree: Filter) -> str:
    if isinstance(tree, WordChoice):
        return _render_choice(tree, " != ", " not in ")
    if isinstance(tree, Known):
        return f"{tree.field} is unknown"
    return f"not {_wrap(tree, AllOf, AnyOf)}"


def _render_leaf(tree: Filter) -> str:
    if isinstance(tree, WordChoice):
        return _render_choice(tree, " = ", " in ")
    if isinstance(tree, Number):
        return f"{tree.field} {tree.op} {render_number(tree.value)}"
    if isinstance(tree, Moment):
        return f"{tree.field} {render_window(tree.window)}"
    if isinstance(tree, Known):
        return f"{tree.field} is known"
    if isinstance(tree, Happening):
        return _render_happening(tree)
    if isinstance(tree, Enrolment):
        return f"{tree.place}({quote(tree.campaign)})"
    return EVERYONE if isinstance(tree, Everyone) else str(getattr(tree, "field"))  # noqa: B009 - a Flag


def _render_choice(tree: WordChoice, one: str, many: str) -> str:
    values = [quote(value) for value in tree.values]
    return f"{tree.field}{one}{values[0]}" if len(values) == 1 else f"{tree.field}{many}({', '.join(values)})"


def _render_happening(tree: Happening) -> str:
    parts = [f"{tree.what}{_render_subjects(tree)}"]
    if isinstance(tree.count, Count):
        parts.append(f"{tree.count.op} {tree.count.times} times")
    if isinstance(tree.worth, Worth):
        parts.append(f"for {tree.worth.op} {render_number(tree.worth.amount)}")
    if tree.window:
        parts.append(render_window(tree.window))
    return " ".join(parts)


def _render_subjects(tree: Happening) -> str:
    shown = [_render_subject(tree, name) for name in SUBJECTS[tree.what] if getattr(tree, name)]
    return f"({', '.join(shown)})" if shown else ""


def _render_subject(tree: Happening, name: str) -> str:
    values: Sequence[str] = [quote(str(value)) for value in getattr(tree, name)]
    if name == SUBJECTS[tree.what][0]:
        return ", ".join(values)
    short = next(short for short, long in ARGUMENTS.items() if long == name)
    return f"{short} = {values[0]}" if len(values) == 1 else f"{short} in ({', '.join(values)})"


def render_window(window: TimeWindow) -> str:
    """Render a window, such as `in 30 days` or `since 2026-01-01 before 2026-02-01`."""
    parts = []
    if window.last:
        parts.append(f"in {render_span(window.last)}")
    if window.since:
        parts.append(f"since {window.since}")
    if window.before:
        parts.append(f"before {window.before}")
    if window.ago:
        parts.append(f"before {render_span(window.ago)} ago")
    return " ".join(parts)


def render_span(span: TimeSpan) -> str:
    """Render a length of time, such as `1 day`."""
    return f"{span.amount} {span.unit if span.amount != 1 else span.unit.removesuffix('s')}"


def render_number(value: float) -> str:
    """Render a number without an exponent."""
    text = format(Decimal(repr(value)), "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def quote(value: str) -> str:
    """Render a value: in quotes unless it is a plain word that means nothing else."""
    if _PLAIN.fullmatch(value) and value.lower() not in KEYWORDS:
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
