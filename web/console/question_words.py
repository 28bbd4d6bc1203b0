"""The question that a slot was asked, and its answer, as a page shows them: single values as facts, lists as tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from domain.wording import format_price

ROWS: Final = 20
"""Rows of each list that a page shows; the file has them all."""
NAMES: Final[Mapping[str, str]] = {
    "at": "When",
    "now": "Asked at",
    "n": "How many",
    "item_id": "Item",
    "on_hand": "In stock",
    "house_score": "Built-in score",
    "p_alive": "Chance that they are still a client",
    "value_cents": "For",
    "price_cents": "Price",
}


class ValueTable(NamedTuple):
    """A list of alike values; `more`: how many rows are not shown."""

    name: str
    columns: list[str]
    rows: list[list[str]]
    more: int


class ValueWords(NamedTuple):
    """A question or an answer in words."""

    facts: list[tuple[str, str]]
    tables: list[ValueTable]


def list_item_ids(value: Any) -> Iterator[str]:
    """List the ids of items that are shown of a question or an answer."""
    for key, one in value.items() if isinstance(value, Mapping) else ():
        if key == "item_id" and isinstance(one, str):
            yield one
        elif isinstance(one, list):
            for part in one[:ROWS]:
                yield from [part] if key == "items" and isinstance(part, str) else list_item_ids(part)


def put_into_words(value: Any, titles: Mapping[str, str], currency: str) -> ValueWords:
    """Put a question or an answer into words. `titles`: of items, by id; an unknown one is shown by its id."""
    facts, tables = list[tuple[str, str]](), list[ValueTable]()
    for key, one in (value if isinstance(value, Mapping) else {"items": value}).items():
        if isinstance(one, list) and one and isinstance(one[0], Mapping):
            columns = list(dict.fromkeys(name for row in one[:ROWS] for name in row))
            rows = [[_say(name, row.get(name), titles, currency) for name in columns] for row in one[:ROWS]]
            tables.append(ValueTable(_name(key), [_name(name) for name in columns], rows, max(0, len(one) - ROWS)))
        else:
            facts.append((_name(key), _say(key, one, titles, currency)))
    return ValueWords(facts, tables)


def _name(key: str) -> str:
    return NAMES.get(key) or key.removesuffix("_cents").replace("_", " ").capitalize()


def _say(key: str, value: Any, titles: Mapping[str, str], currency: str) -> str:
    match value:
        case None | "" | []:
            return "–"
        case bool():
            return "yes" if value else "no"
        case int() if key.endswith("_cents"):
            return format_price(value, currency)
        case int():
            return f"{value:,}"
        case float():
            return f"{value:,.3f}"
        case list():
            words = ", ".join(_say(key, part, titles, currency) for part in value[:ROWS])
            return words + (f" and {len(value) - ROWS:,} more" if len(value) > ROWS else "")
        case Mapping():
            parts = (f"{_name(name).lower()} {_say(name, part, titles, currency)}" for name, part in value.items())
            return ", ".join(parts) or "–"
        case str() if key in ("item_id", "items"):
            return titles.get(value, value)
    return _format_moment(str(value))


def _format_moment(text: str) -> str:
    """Format a moment of JSON; any other text stays as it is."""
    if len(text) < len("2026-11-21T12:00") or text[10] != "T":
        return text
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return text
    return f"{at.day} {at:%B %Y, %H:%M}"
