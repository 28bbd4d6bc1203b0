"""Typed rows: frozen dataclasses that are read from a query's row by the names of their fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from enum import StrEnum
from functools import cache
from types import NoneType, UnionType
from typing import Any, Final, Self, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from sqlalchemy import Column, Row, Table

AnyRow = Row[Any] | Row[*tuple[Any, ...]]
Converter = Callable[[Any], Any]
_NO_DEFAULT: Final = object()


class Record:
    """One row of a query. Subclasses are frozen dataclasses with slots; each field is a column or a label of the query.

    The hint of a field says how its value is read: a StrEnum by its value, a pydantic model from its JSON, a tuple from
    a JSON list. NULL becomes the field's default where it has one.
    """

    __slots__ = ()

    @classmethod
    def from_row(cls, row: AnyRow) -> Self:
        """Read the record from a row; the row may have further columns."""
        return cls(*[_convert(getattr(row, name), default, convert) for name, default, convert in _list_fields(cls)])

    @classmethod
    def list_columns(cls, *tables: Table, labels: Mapping[str, str] | None = None) -> list[Any]:
        """List the columns to select, each field's from the first table that has it. Fields that no table has are left
        out. `labels`: the column's name for each field that is called otherwise."""
        names = {name: (labels or {}).get(name, name) for name, _, _ in _list_fields(cls)}
        found = {name: _find_column(column, tables) for name, column in names.items()}
        return [column.label(name) for name, column in found.items() if column is not None]


def _list_fields(cls: Any) -> tuple[tuple[str, Any, Converter | None], ...]:
    return _plan_fields(cls)


@cache
def _plan_fields(cls: type[Any]) -> tuple[tuple[str, Any, Converter | None], ...]:
    hints = get_type_hints(cls)
    defaults = {field.name: _find_default(field) for field in fields(cls)}
    return tuple((name, default, _find_converter(hints[name])) for name, default in defaults.items())


def _find_default(field: Any) -> Any:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return _NO_DEFAULT if field.default is MISSING else field.default


def _convert(value: Any, default: Any, convert: Converter | None) -> Any:
    if value is None:
        return None if default is _NO_DEFAULT else default
    return value if convert is None else convert(value)


def _find_converter(hint: Any) -> Converter | None:
    if get_origin(hint) in (Union, UnionType):
        (hint,) = (option for option in get_args(hint) if option is not NoneType)
    if get_origin(hint) is tuple:
        element = _find_converter(get_args(hint)[0])
        return tuple if element is None else lambda values: tuple(map(element, values))
    if isinstance(hint, type) and issubclass(hint, StrEnum):
        return hint
    if isinstance(hint, type) and issubclass(hint, BaseModel):
        return hint.model_validate
    return None


def _find_column(name: str, tables: tuple[Table, ...]) -> Column[Any] | None:
    return next((table.c[name] for table in tables if name in table.c), None)
