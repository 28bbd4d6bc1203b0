"""Read a value of a custom attribute by the type that was declared."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date
from typing import Final

from domain.segments.vocabulary import suggest
from models.attributes import LONGEST_WORDS, AttributeType, AttributeValue

_TRUTH: Final = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
Given = str | float | bool | None


def find_attribute_fault(given: Mapping[str, Given], declared: Mapping[str, AttributeType]) -> tuple[str, str] | None:
    """Find the first attribute that cannot be taken: its field and why."""
    for name, value in given.items():
        if name not in declared:
            return f"attr.{name}", f"is not declared{suggest(name, declared)}; selvedge attributes declare declares it"
        if not _is_empty(value) and parse_attribute(value, declared[name]) is None:
            return f"attr.{name}", _EXPECTED[declared[name]]
    return None


_EXPECTED: Final = {
    AttributeType.TEXT: f"must be one line of at most {LONGEST_WORDS} characters",
    AttributeType.NUMBER: "must be a number",
    AttributeType.BOOLEAN: "must be true or false",
    AttributeType.DATE: "must be a day such as 2026-01-31",
}


def _is_empty(value: Given) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def parse_attribute(value: Given, kind: AttributeType) -> AttributeValue | None:
    """Parse a value to its type; None where it is of no such type, or empty."""
    if _is_empty(value) or value is None:
        return None
    text = str(value).strip()
    if kind is AttributeType.TEXT:
        return text if text.isprintable() and len(text) <= LONGEST_WORDS else None
    if kind is AttributeType.BOOLEAN:
        return _TRUTH.get(text.lower())
    if kind is AttributeType.DATE:
        return _parse_day(text)
    return None if isinstance(value, bool) else _parse_number(text)


def _parse_day(text: str) -> date | None:
    try:
        day = date.fromisoformat(text) if len(text) == 10 else None
    except ValueError:
        return None
    return day if day and 1900 <= day.year <= 2199 else None


def _parse_number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and abs(number) <= 1e12 else None
