"""A moment as epoch seconds or microseconds, computed by the database: bulk reads need no datetime objects."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Float
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class epoch(FunctionElement[float]):
    """`epoch(column)` for a UtcTime column; NULL stays NULL."""

    name = "epoch"
    inherit_cache = True
    type = Float()

    def __init__(self, moment: ColumnElement[Any]) -> None:
        super().__init__(moment)


@compiles(epoch, "sqlite")
def _sqlite(element: epoch, compiler: SQLCompiler, **options: Any) -> str:
    return f"({compiler.process(element.clauses, **options)} / 1000000.0)"


@compiles(epoch, "postgresql")
def _postgresql(element: epoch, compiler: SQLCompiler, **options: Any) -> str:
    return f"EXTRACT(EPOCH FROM {compiler.process(element.clauses, **options)})::double precision"


class micros(FunctionElement[int]):
    """`micros(column)` for a UtcTime column: whole epoch microseconds, exact; NULL stays NULL."""

    name = "micros"
    inherit_cache = True
    type = BigInteger()

    def __init__(self, moment: ColumnElement[Any]) -> None:
        super().__init__(moment)


@compiles(micros, "sqlite")
def _sqlite_micros(element: micros, compiler: SQLCompiler, **options: Any) -> str:
    return compiler.process(element.clauses, **options)


@compiles(micros, "postgresql")
def _postgresql_micros(element: micros, compiler: SQLCompiler, **options: Any) -> str:
    return f"(EXTRACT(EPOCH FROM {compiler.process(element.clauses, **options)}) * 1000000)::bigint"
