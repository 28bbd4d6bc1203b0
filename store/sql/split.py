"""The column of a split of clients between algorithms: JSON, or in older rows words."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import Dialect, Text
from sqlalchemy.types import TypeDecorator

from models.slot_policies import SlotSplit, parse_split


class SplitText(TypeDecorator[SlotSplit]):
    """A SlotSplit as text; an empty text is None."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:
        split = parse_split(value)
        return "" if split is None else split.model_dump_json()

    def process_result_value(self, value: str | None, dialect: Dialect) -> SlotSplit | None:
        return _parse_text(value) if value else None


@lru_cache(maxsize=256)
def _parse_text(text: str) -> SlotSplit | None:
    """Parse a stored split; many answers share one."""
    return parse_split(text)
