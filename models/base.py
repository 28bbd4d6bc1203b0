"""The two kinds of contract, and the identifiers and times that all contracts use."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

ID_PATTERN = r"^[A-Za-z0-9._-]{1,64}$"


def _refuse_dots(text: str) -> str:
    if text in (".", ".."):  # in an address of a page they mean a folder
        raise ValueError(". and .. are no ids")
    return text


Id = Annotated[str, StringConstraints(pattern=ID_PATTERN), AfterValidator(_refuse_dots)]
"""An opaque id: letters, digits, dot, underscore, hyphen; 1 to 64 of them. Never parsed as a number."""

ClientId = Id
ItemId = Id
Sku = Id
CampaignSlug = Id


def _require_iso_text(value: object) -> object:
    """Require ISO text: a number would be taken for seconds since 1970, and so would 20260301."""
    if value[4:5] != "-" if isinstance(value, str) else isinstance(value, int | float):
        raise ValueError("give ISO 8601 with an offset, such as 2026-03-01T09:30:00+01:00")
    return value


FIRST_YEAR = 1900
LAST_YEAR = 2200
"""Wide enough: the ends of the calendar overflow in time zones, and the year 2262 in Temporal's nanoseconds."""


def _in_utc(moment: datetime) -> datetime:
    for zone in (moment.tzinfo, UTC):  # as it was written first: the ends of the calendar have no UTC
        if not FIRST_YEAR <= moment.astimezone(zone).year < LAST_YEAR:
            raise ValueError(f"lies outside the years {FIRST_YEAR} to {LAST_YEAR - 1}")
    return moment.astimezone(UTC)


Utc = Annotated[AwareDatetime, BeforeValidator(_require_iso_text), AfterValidator(_in_utc)]
"""A moment with an offset, converted to UTC, within the years that a shop can mean."""

ONE_LINE = r"^[^\x00-\x1f\x7f]*$"
"""No control characters, for what ends up in a header, a log or a table cell."""


Reason = Annotated[str, Field(max_length=120)]
"""Why somebody asked for something, in a few words."""


class Contract(BaseModel):
    """A message between our own parts. It may gain fields, so unknown ones are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class StrictInput(BaseModel):
    """Input from outside. An unknown field is a mistake and is refused by name."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


def utc(year: int, month: int = 1, day: int = 1, hour: int = 0, minute: int = 0) -> datetime:
    """Build a moment in UTC."""
    return datetime(year, month, day, hour, minute, tzinfo=UTC)
