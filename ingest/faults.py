"""What is wrong with a row, in one line: the field, and what to mend."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from errors import BadInput
from models.base import ID_PATTERN, ONE_LINE

Model = TypeVar("Model", bound=BaseModel)

_SAID: Final = {
    "missing": "is missing",
    "extra_forbidden": "is not a field of this; remove it or mend its name",
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
}


class Fault(NamedTuple):
    """`field` is empty when the whole row is at fault."""

    field: str
    reason: str


def checked(model: type[Model], given: Any, whole: str = "") -> Model:
    """`given` as a `model`. Raises BadInput naming the first wrong field, or `whole` when it is all of it."""
    try:
        return model.model_validate(given)
    except ValidationError as wrong:
        found = fault(wrong)
        raise BadInput(found.reason, found.field or whole) from None


def fault(wrong: ValidationError) -> Fault:
    """The first thing that a model refused."""
    first = wrong.errors(include_url=False)[0]
    kind = first["type"]
    if kind.startswith("union_tag"):
        return Fault("type", _of_type(kind, first.get("ctx", {})))
    return Fault(_field(first["loc"]), said(first))


def said(wrong: Mapping[str, Any]) -> str:
    """What is wrong, in plain words, from one of Pydantic's descriptions of an error."""
    if wrong["type"] == "string_pattern_mismatch":
        return _PATTERNS.get(wrong["ctx"]["pattern"], "is not written as it should be")
    return _SAID.get(wrong["type"]) or _plain(wrong["msg"])


def _plain(message: str) -> str:
    return message.removeprefix("Value error, ").replace("Input should be", "must be", 1)


def _of_type(kind: str, context: dict[str, Any]) -> str:
    if kind == "union_tag_invalid":
        return f"no such type of event: {str(context['tag'])[:40]!r}; there are {context['expected_tags']}"
    return _SAID[kind]


def _field(where: tuple[int | str, ...]) -> str:
    """The field of a model; in an event the first part of the place is the type."""
    names = [str(part) for part in where]
    if len(names) > 1 and not names[1].isdigit():
        names = names[1:]
    return ".".join(names)
