"""Column types that behave the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import JSON, BigInteger, DateTime, Dialect, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import TypeDecorator, TypeEngine

from models.slot_policies import SlotSplit, parse_split

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


class UtcTime(TypeDecorator[datetime]):
    """An aware moment, exact to the microsecond. timestamptz on PostgreSQL; epoch microseconds on SQLite,
    which has no time type and would compare strings."""

    impl = BigInteger
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(DateTime(timezone=True) if dialect.name == "postgresql" else BigInteger())

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        if value is None:
            return None
        if value.tzinfo is None:
            raise TypeError("a stored moment needs an offset")
        return value if dialect.name == "postgresql" else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if isinstance(value, datetime):
            return value.astimezone(UTC)
        return from_micros(int(value))


def to_micros(moment: datetime) -> int:
    """Convert a moment to epoch microseconds, as SQLite stores it; for bulk writes that bypass the type machinery."""
    return (moment - _EPOCH) // _MICROSECOND


def from_micros(micros: int) -> datetime:
    """Convert epoch microseconds to a moment."""
    return _EPOCH + micros * _MICROSECOND


Json = JSON().with_variant(JSONB(), "postgresql")


class SplitText(TypeDecorator[SlotSplit]):
    """A SlotSplit as text; an empty text is None."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str:
        split = parse_split(value) if value else None
        return "" if split is None else split.model_dump_json()

    def process_result_value(self, value: str | None, dialect: Dialect) -> SlotSplit | None:
        return _parse_text(value) if value else None


@lru_cache(maxsize=256)
def _parse_text(text: str) -> SlotSplit | None:
    """Parse a stored split; many answers share one."""
    return parse_split(text)
