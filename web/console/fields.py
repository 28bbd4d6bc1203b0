"""What people type into the forms of pages, as the values that services take; a refusal names the field."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any, Final

from errors import BadInput

Fields = Mapping[str, str]

FIELD_NAMES: Final[Mapping[str, str]] = {
    "into": "the item that comes in",
    "out": "the item that goes out",
    "because": "the reason",
    "client_id": "the client's id",
    "first_name": "the first name",
    "email": "the address",
    "locale": "the language",
    "note": "the note",
    "only": "what the key is limited to",
    "days": "the days until it expires",
    "act": "what to do",
    "pick": "the clients",
    "q": "the search",
}
"""What people call a field whose path in the contract says nothing to them."""


def name_field(path: str) -> str:
    """Name a field for people: `swaps.0.into` is "the item that comes in"; most names are readable as they are."""
    last = next((part for part in reversed(re.split(r"[.\[\]]+", path)) if part and not part.isdigit()), "")
    return FIELD_NAMES.get(last, last.replace("_", " "))


def explain_refusal(refused: BadInput) -> str:
    """Explain in one line what was refused, with the field as people call it."""
    name = name_field(refused.field or "")
    if not name or refused.reason.startswith(name) or not refused.reason.startswith(("is ", "has ", "must ", "holds ")):
        return refused.reason
    return f"{name} {refused.reason}"


def read_text(fields: Fields, name: str) -> str:
    """Read one line of text."""
    return " ".join(fields.get(name, "").split())


def read_words(fields: Fields, name: str) -> tuple[str, ...]:
    """Read words between commas, each once."""
    return tuple(dict.fromkeys(filter(None, (" ".join(word.split()) for word in fields.get(name, "").split(",")))))


def read_number(fields: Fields, name: str) -> int | None:
    """Read a whole number; None where the field is empty. Raises BadInput."""
    text = read_text(fields, name)
    if not text:
        return None
    try:
        return int(text)
    except ValueError:
        raise BadInput("must be a whole number", name) from None


def read_day(fields: Fields, name: str, now: datetime) -> datetime | None:
    """Read a day, from its beginning in UTC; None where the field is empty. Raises BadInput for a day that is over."""
    text = read_text(fields, name)
    if not text:
        return None
    try:
        day = datetime.combine(date.fromisoformat(text), time(), UTC)
    except ValueError:
        raise BadInput("must be a day such as 2027-01-31", name) from None
    if day <= now:
        raise BadInput("must be a day to come", name)
    return day


def pick_filled(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that are not empty."""
    return {name: value for name, value in values.items() if value not in ("", None, ())}
