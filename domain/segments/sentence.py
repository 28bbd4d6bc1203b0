"""Say a filter back in a plain sentence."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from domain.segments.rendering import render_number, render_span
from domain.segments.vocabulary import FIELDS, HAPPENINGS, PLACES
from models.segment_words import ChoiceField, NumberOp, TimeWindow
from models.segments import (
    AllOf,
    AnyOf,
    Enrolment,
    Everyone,
    Filter,
    Flag,
    Happening,
    Known,
    Moment,
    Not,
    Number,
    WordChoice,
)

_CARRIED: Final = frozenset({ChoiceField.TAG, ChoiceField.SIZE, ChoiceField.STYLE})
_OPS: Final = {
    NumberOp.EQUAL: "",
    NumberOp.BELOW: "below ",
    NumberOp.AT_MOST: "at most ",
    NumberOp.ABOVE: "above ",
    NumberOp.AT_LEAST: "at least ",
}


def say_filter(tree: Filter) -> str:
    """Return the filter as one sentence, such as "Clients who ordered in the last 30 days."."""
    return "All clients." if isinstance(tree, Everyone) else f"Clients {_say(tree)}."


def _say(tree: Filter) -> str:
    if isinstance(tree, AllOf):
        return " and ".join(_bracket(part) for part in tree.parts)
    if isinstance(tree, AnyOf):
        return ", or ".join(_bracket(part) for part in tree.parts)
    if isinstance(tree, Not):
        return _say_denial(tree.part)
    if isinstance(tree, WordChoice):
        return _say_choice(tree, "")
    if isinstance(tree, Number):
        return f"{_name(tree.field)} {_OPS[tree.op]}{render_number(tree.value)}"
    if isinstance(tree, Moment):
        return f"{_name_moment(tree.field)} {say_window(tree.window)}"
    return _say_other(tree)


def _say_other(tree: Filter) -> str:
    if isinstance(tree, Flag):
        return FIELDS[tree.field].said if tree.field in FIELDS else f"with {_show_attribute(tree.field)}"
    if isinstance(tree, Known):
        return f"whose {_show_attribute(tree.field)} is known"
    if isinstance(tree, Happening):
        return f"who {_say_deed(tree)}"
    if isinstance(tree, Enrolment):
        return f"{PLACES[tree.place].said} {tree.campaign}"
    return "of every kind"


def _bracket(tree: Filter) -> str:
    return f"({_say(tree)})" if isinstance(tree, AllOf | AnyOf) else _say(tree)


def _say_denial(tree: Filter) -> str:
    if isinstance(tree, WordChoice):
        return _say_choice(tree, "not ")
    if isinstance(tree, Happening) and tree.count is None and tree.worth is None:
        return f"who {HAPPENINGS[tree.what].denied}{_say_subjects(tree)} {say_window(tree.window) or 'at any time'}"
    if isinstance(tree, Flag) and tree.field not in FIELDS:
        return f"without {_show_attribute(tree.field)}"
    if isinstance(tree, Known):
        return f"whose {_show_attribute(tree.field)} is unknown"
    return f"to whom this does not apply: {_bracket(tree)}"


def _say_choice(tree: WordChoice, denial: str) -> str:
    values = [value.replace("_", " ") for value in tree.values]
    if tree.field in _CARRIED:
        without = "without" if denial else "with"
        noun = "" if len(values) == 1 else "any of "
        return f"{without} {noun}the {tree.field} {_join(values)}"
    return f"{_name(tree.field)} {denial}{_join(values)}"


def _say_deed(tree: Happening) -> str:
    said = HAPPENINGS[tree.what].said + _say_subjects(tree)
    if tree.count:
        said += f" {tree.count.op} {tree.count.times} time{'' if tree.count.times == 1 else 's'}"
    if tree.worth:
        said += f" for {tree.worth.op} {render_number(tree.worth.amount)}"
    return f"{said} {say_window(tree.window)}" if tree.window else said


def _say_subjects(tree: Happening) -> str:
    parts = [
        (tree.categories, " from the category "),
        (tree.brands, " of the brand "),
        (tree.items, " as item "),
        (tree.campaigns, " of the campaign "),
        (tuple(str(kind) for kind in tree.kinds), " of the kind "),
    ]
    return "".join(word + _join(values) for values, word in parts if values)


def say_window(window: TimeWindow | None) -> str:
    """Say a window, such as `in the last 30 days`."""
    if window is None:
        return ""
    parts = []
    if window.last:
        parts.append(f"in the last {render_span(window.last)}")
    if window.since:
        parts.append(f"since {window.since}")
    if window.before:
        parts.append(f"before {window.before}")
    if window.ago:
        parts.append(f"more than {render_span(window.ago)} ago")
    return " and ".join(parts)


def _name(field: str) -> str:
    return FIELDS[field].said if field in FIELDS else f"whose {_show_attribute(field)} is"


def _name_moment(field: str) -> str:
    return FIELDS[field].said if field in FIELDS else f"whose {_show_attribute(field)} lies"


def _show_attribute(field: str) -> str:
    return field.removeprefix("attr.").replace("_", " ")


def _join(values: Sequence[str]) -> str:
    return values[0] if len(values) == 1 else f"{', '.join(values[:-1])} or {values[-1]}"
