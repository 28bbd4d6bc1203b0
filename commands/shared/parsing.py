"""Read what was typed: days, moments, spans of time and whole inputs. Every function raises BadInput."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, TypeVar

from pydantic import BaseModel

from errors import BadInput
from ingest import faults

Model = TypeVar("Model", bound=BaseModel)


def parse_duration(text: str, field: str) -> timedelta:
    """Parse a span of time such as 7d, 36h or 2w. Raises BadInput."""
    match = re.fullmatch(r"([1-9]\d{0,4})([hdw])", text.strip())
    if match is None:
        raise BadInput(f"{text!r} is no span of time such as 36h, 7d or 2w", field)
    return int(match[1]) * {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}[match[2]]


def validate(model: type[Model], values: dict[str, Any]) -> Model:
    """Return `values` as a `model`; None means not given. Raises BadInput naming the first wrong field."""
    return faults.parse_model(model, {name: value for name, value in values.items() if value is not None})


LONGEST_HORIZON_DAYS: Final = 3_650


def parse_day(text: str, field: str) -> int:
    """Parse a day to the number of days from 1970-01-01. Raises BadInput."""
    try:
        if len(text) != 10:
            raise ValueError
        return date.fromisoformat(text).toordinal() - date(1970, 1, 1).toordinal()
    except ValueError:
        raise BadInput(f"{text!r} is no day such as 2026-11-21", field) from None


def require_horizon(horizon: int) -> None:
    """Require a horizon in range. Raises BadInput."""
    if not 0 < horizon <= LONGEST_HORIZON_DAYS:
        raise BadInput(f"must be 1 to {LONGEST_HORIZON_DAYS} days", "horizon")


def parse_start(text: str, end: datetime) -> datetime:
    """Parse a span of time before `end`, a day from its beginning in UTC, or a moment. Raises BadInput."""
    begin = parse_moment(text, "since", begins=True) if "-" in text else end - parse_duration(text, "since")
    if begin >= end:
        raise BadInput(f"must lie before {end:%Y-%m-%dT%H:%M%z}", "since")
    return begin


def parse_moment(text: str, field: str = "as_of", *, begins: bool = False) -> datetime:
    """Parse the moment of an option such as `--as-of`; a bare day counts to its end in UTC, or `begins` with its
    beginning. Raises BadInput."""
    try:
        if len(text) == 10:
            day = datetime.combine(date.fromisoformat(text), time(), UTC)
            return day if begins else day + timedelta(days=1, microseconds=-1)
        named = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise BadInput(f"{text!r} is neither a day such as 2026-11-21 nor a moment in ISO 8601", field) from None
    if named.tzinfo is None:
        raise BadInput("a moment needs an offset, such as 2026-11-21T12:00:00+00:00", field)
    return named.astimezone(UTC)
