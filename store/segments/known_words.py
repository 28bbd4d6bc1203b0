"""Which tags, sizes, styles, categories, brands, items and campaigns there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import Column, Connection, Select, Text, func, select, type_coerce
from sqlalchemy.dialects.postgresql import JSONB

from models.segment_words import ChoiceField
from models.segments import WordChoice
from store.segments.client_conditions import build_choice
from store.segments.row_tests import compile_conjunction
from store.tables import campaigns, clients, items

MOST_WORDS: Final = 2_000
"""Words among which the nearest is looked for."""
_COLUMNS: Final[Mapping[str, Column[Any]]] = {
    "categories": items.c.category,
    "brands": items.c.brand,
    "items": items.c.item_id,
    "campaigns": campaigns.c.slug,
}
_LISTS: Final[Mapping[str, tuple[Column[Any], str]]] = {
    ChoiceField.TAG: (clients.c.tags, ""),
    ChoiceField.SIZE: (clients.c.sizes, ""),
    ChoiceField.STYLE: (clients.c.quiz, "styles"),
}
CHECKED: Final = frozenset(_LISTS)
"""Fields whose words somebody must have."""


def is_word_known(connection: Connection, field: str, word: str) -> bool:
    """Return whether there is such a word: of the catalogue, a campaign, or a list of any client."""
    if field in _COLUMNS:
        return connection.scalar(select(_COLUMNS[field]).where(_COLUMNS[field] == word).limit(1)) is not None
    leaf = build_choice(WordChoice(field=ChoiceField(field), values=(word,)), connection.dialect.name)
    holds = compile_conjunction(leaf, positive=True, by_set=False, alone=True)
    return connection.scalar(select(clients.c.client_id).where(holds).limit(1)) is not None


def list_known_words(connection: Connection, field: str) -> list[str]:
    """List the words that there are of a field, at most MOST_WORDS."""
    if field in _COLUMNS:
        return list(connection.scalars(select(_COLUMNS[field]).distinct().limit(MOST_WORDS)))
    select_words = _WORD_QUERIES[connection.dialect.name]
    return [str(word) for word in connection.scalars(select_words(*_LISTS[field]).limit(MOST_WORDS)) if word]


def _select_sqlite(column: Column[Any], part: str) -> Select[Any]:
    given = func.json_each(type_coerce(column, Text), f"$.{part}" if part else "$").table_valued("value")
    return select(given.c.value).select_from(clients.join(given, onclause=_always())).distinct()


def _select_postgresql(column: Column[Any], part: str) -> Select[Any]:
    held = type_coerce(column, JSONB)
    return select(func.jsonb_array_elements_text(held[part] if part else held).label("value")).distinct()


def _always() -> Any:
    return clients.c.client_id == clients.c.client_id


_WORD_QUERIES: Final[Mapping[str, Callable[[Column[Any], str], Select[Any]]]] = {
    "sqlite": _select_sqlite,
    "postgresql": _select_postgresql,
}
