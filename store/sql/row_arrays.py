"""Many rows in one statement of which the text never changes: PostgreSQL takes one array a column and joins them;
SQLite, which is in the same process, the rows one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    Executable,
    FromClause,
    Insert,
    String,
    Table,
    Text,
    bindparam,
    cast,
    func,
    insert,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.types import TypeEngine

from store.sql.bulk import dump_json


def build_row(dialect: str, kinds: Mapping[str, Any]) -> dict[str, ColumnElement[Any]]:
    """Build the values of one row, by name, for a statement that `execute_rows` runs for each."""
    if dialect != "postgresql":
        return {name: bindparam(name, type_=kind) for name, kind in kinds.items()}
    return dict(_join_arrays(kinds).c.items())


def execute_rows(connection: Connection, statement: Executable, rows: Sequence[Mapping[str, Any]]) -> None:
    """Run a statement over the values of `build_row` for each of these rows."""
    if rows:
        connection.execute(statement, _split(rows) if connection.dialect.name == "postgresql" else list(rows))


def insert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows that state the same columns."""
    if not rows:
        return
    names = tuple(rows[0])
    if connection.dialect.name != "postgresql" or len(rows) == 1:
        connection.execute(_build_plain(table), list(rows))
        return
    as_text = [name for name in names if isinstance(table.c[name].type, JSON)]
    rows = [{**row, **{name: dump_json(row[name]) for name in as_text}} for row in rows] if as_text else rows
    connection.execute(_build_insert(table, names), _split(rows))


@cache  # building it takes longer than running it
def _build_plain(table: Table) -> Insert:
    return insert(table)


@cache
def _build_insert(table: Table, names: tuple[str, ...]) -> Insert:
    kinds = {name: table.c[name].type for name in names}
    # Text, since a cast to varchar(n) would cut what is too long; the insert refuses it.
    given = _join_arrays({name: Text() if isinstance(kind, JSON | String) else kind for name, kind in kinds.items()})
    cells = [cast(given.c[name], kind) if isinstance(kind, JSON) else given.c[name] for name, kind in kinds.items()]
    return insert(table).from_select(list(names), select(*cells))


def _join_arrays(kinds: Mapping[str, TypeEngine[Any]]) -> FromClause:
    arrays = [bindparam(name, type_=ARRAY(kind)) for name, kind in kinds.items()]
    return func.unnest(*arrays).table_valued(*kinds, name="given").render_derived()


def _split(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[Any]]:
    return {name: [row[name] for row in rows] for name in rows[0]}
