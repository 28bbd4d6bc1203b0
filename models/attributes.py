"""Custom attributes of clients: declared once by the shop, then set by files, requests and events."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field, StrictBool, StrictFloat, StrictInt, StrictStr

from models.base import ONE_LINE, Contract, StrictInput
from models.segment_words import AttributeName

MOST_ATTRIBUTES: Final = 100
"""Attributes that a shop may declare, and that one client may be given at once."""
LONGEST_WORDS: Final = 200

AttributeInput = StrictBool | StrictInt | StrictFloat | Annotated[StrictStr, Field(max_length=1_000)] | None
"""A value as it is sent; null takes the attribute off the client."""
AttributeInputs = Annotated[dict[AttributeName, AttributeInput], Field(max_length=MOST_ATTRIBUTES)]
AttributeValue = str | float | bool | date


class AttributeType(StrEnum):
    TEXT = "text"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"


class AttributeOrder(StrictInput):
    """Declares an attribute. `in_mail`: whether mail may speak of it."""

    type: AttributeType
    meaning: str = Field(min_length=1, max_length=200, pattern=ONE_LINE)
    in_mail: bool = False


class Attribute(Contract):
    """A declared attribute, and how many clients have a value of it."""

    name: AttributeName
    type: AttributeType
    meaning: str
    in_mail: bool
    declared_by: str
    clients: int = 0


class AttributeList(Contract):
    """All declared attributes, in the order of their names."""

    attributes: tuple[Attribute, ...]
