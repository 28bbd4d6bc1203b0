"""The two kinds of contract, and the identifiers and times that all of them use."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, StringConstraints

ID_PATTERN = r"^[A-Za-z0-9._-]{1,64}$"

Id = Annotated[str, StringConstraints(pattern=ID_PATTERN)]
"""An opaque id: letters, digits, dot, underscore, hyphen; 1 to 64 of them. Never parsed as a number."""

ClientId = Id
ItemId = Id
Sku = Id
CampaignSlug = Id

Utc = Annotated[AwareDatetime, AfterValidator(lambda t: t.astimezone(UTC))]
"""A moment with an offset, kept in UTC."""


class Contract(BaseModel):
    """Crosses a boundary inside the house; may gain fields, so unknown ones are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class Door(BaseModel):
    """Comes from outside; an unknown field is a mistake and is refused by name."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


def utc(year: int, month: int = 1, day: int = 1, hour: int = 0, minute: int = 0) -> datetime:
    """A moment in UTC, short to write."""
    return datetime(year, month, day, hour, minute, tzinfo=UTC)
