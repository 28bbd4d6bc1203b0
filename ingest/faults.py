"""Explains what is wrong with a row in one line: the field, and what to correct."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from errors import BadInput
from models.base import ID_PATTERN, ONE_LINE
from models.offers import CODE_PATTERN

Model = TypeVar("Model", bound=BaseModel)

_REASONS: Final = {
    "missing": "is missing",
    "extra_forbidden": "is not a field of this; remove it or correct its name",
    "timezone_aware": "has no offset; give one, such as 2026-03-01T09:30:00+01:00 or …Z",
    "union_tag_not_found": "is missing",
    "bool_parsing": "must be true or false",
    "int_parsing": "must be a whole number",
    "string_too_short": "is too short",
    "string_type": "must be text",
    "string_unicode": "is not UTF-8",
    "decimal_max_places": "has more than two decimals",
}
_PATTERNS: Final = {
    ID_PATTERN: "must be 1 to 64 letters, digits, dots, underscores or hyphens",
    ONE_LINE: "holds a control character",
    CODE_PATTERN: "must be 3 to 30 letters, digits, hyphens or underscores",
}


class RowFault(NamedTuple):
    """What is wrong with one row; `field` is empty when the whole row is wrong."""

    field: str
    reason: str


def parse_model(model: type[Model], value: Any, whole: str = "") -> Model:
    """Validate `value` as a `model`. Raises BadInput naming the first wrong field, or `whole` when all of it is."""
    try:
        return model.model_validate(value)
    except ValidationError as wrong:
        first = find_fault(wrong)
        raise BadInput(first.reason, first.field or whole) from None


def find_fault(wrong: ValidationError) -> RowFault:
    """Return the first fault that a model found."""
    first = wrong.errors(include_url=False)[0]
    kind = first["type"]
    if kind.startswith("union_tag"):
        return RowFault("type", _explain_type(kind, first.get("ctx", {})))
    return RowFault(_name_field(first["loc"]), explain_error(first))


def explain_error(wrong: Mapping[str, Any]) -> str:
    """Explain one of Pydantic's error descriptions in plain words."""
    if wrong["type"] == "string_pattern_mismatch":
        return _PATTERNS.get(wrong["ctx"]["pattern"], "is not written as it should be")
    return _REASONS.get(wrong["type"]) or _simplify_message(wrong["msg"])


def _simplify_message(message: str) -> str:
    return message.removeprefix("Value error, ").replace("Input should be", "must be", 1)


def _explain_type(kind: str, context: dict[str, Any]) -> str:
    if kind == "union_tag_invalid":
        return f"no such type of event: {str(context['tag'])[:40]!r}; there are {context['expected_tags']}"
    return _REASONS[kind]


def _name_field(where: tuple[int | str, ...]) -> str:
    """Name the field of a model; in an event the first part of the location is the type, and is left out."""
    names = [str(part) for part in where]
    if len(names) > 1 and not names[1].isdigit():
        names = names[1:]
    return ".".join(names)
