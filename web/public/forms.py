"""The forms of the clients' own pages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, TypeVar
from urllib.parse import parse_qs

from fastapi import Request
from pydantic import BaseModel, ValidationError

from errors import BadInput
from ingest.faults import find_fault

MOST_FIELDS: Final = 200
Model = TypeVar("Model", bound=BaseModel)


async def read_answers(request: Request) -> dict[str, list[str]]:
    """Read a form whose fields may have several values. Raises BadInput, or TooLarge."""
    try:
        return parse_qs((await request.body()).decode(), max_num_fields=MOST_FIELDS)
    except ValueError:
        raise BadInput("cannot be read as a form", "body") from None


def parse_word(answers: Mapping[str, list[str]], name: str) -> bool | None:
    """Parse a yes or no; None where nothing was chosen."""
    return {"yes": True, "no": False}.get(answers.get(name, [""])[0])


def parse_form(model: type[Model], values: Mapping[str, Any]) -> Model:
    """Parse what a form said. Raises BadInput naming the field."""
    try:
        return model.model_validate(values)
    except ValidationError as wrong:
        first = find_fault(wrong)
        raise BadInput(first.reason, first.field) from None
