"""Typed rows: frozen dataclasses that are read from a query's row by the names of their fields."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, fields
from enum import StrEnum
from functools import cache
from operator import attrgetter
from types import NoneType, UnionType
from typing import Any, Self, Union, get_args, get_origin, get_type_hints

from pydantic import BaseModel
from sqlalchemy import Column, Row, Table

AnyRow = Row[Any] | Row[*tuple[Any, ...]]
Converter = Callable[[Any], Any]
Conversion = tuple[int, Any, Converter | None]
"""The position of a field, its default and its converter."""


class Record:
    """One row of a query. Subclasses are frozen dataclasses with slots; each field is a column or a label of the query.

    The hint of a field says how its value is read: a StrEnum by its value, a pydantic model from its JSON, a tuple from
    a JSON list. NULL becomes the field's default where it has one.
    """

    __slots__ = ()

    @classmethod
    def from_row(cls, row: AnyRow) -> Self:
        """Read the record from a row; the row may have further columns."""
        read, conversions = _plan_reading(cls)
        values = list(read(row))
        for index, default, convert in conversions:
            value = values[index]
            if value is None:
                values[index] = default
            elif convert is not None:
                values[index] = convert(value)
        return cls(*values)

    @classmethod
    def list_columns(cls, *tables: Table, labels: Mapping[str, str] | None = None) -> list[Any]:
        """List the columns to select, each field's from the first table that has it. Fields that no table has are left
        out. `labels`: the column's name for each field that is called otherwise."""
        names = {name: (labels or {}).get(name, name) for name in _list_names(cls)}
        found = {name: _find_column(column, tables) for name, column in names.items()}
        return [column.label(name) for name, column in found.items() if column is not None]


def _list_names(cls: Any) -> list[str]:
    return [field.name for field in fields(cls)]


def _plan_reading(cls: Any) -> tuple[Callable[[Any], Sequence[Any]], tuple[Conversion, ...]]:
    return _plan_once(cls)


@cache
def _plan_once(cls: type[Any]) -> tuple[Callable[[Any], Sequence[Any]], tuple[Conversion, ...]]:
    """Plan how rows are read, once: all fields in one call, then those that have a default or a type of their own."""
    hints = get_type_hints(cls)
    plans = [(i, _find_default(field), _find_converter(hints[field.name])) for i, field in enumerate(fields(cls))]
    conversions = tuple(plan for plan in plans if plan[1] is not None or plan[2] is not None)
    names = _list_names(cls)
    return (attrgetter(*names) if len(names) > 1 else lambda row: (getattr(row, names[0]),)), conversions


def _find_default(field: Any) -> Any:
    if field.default_factory is not MISSING:
        return field.default_factory()
    return None if field.default is MISSING else field.default


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
