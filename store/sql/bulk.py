"""Rows to write, sorted into new, changed and unchanged, and statements over many rows that read alike on SQLite and
PostgreSQL, whatever the number of rows.

Ids travel as one list parameter and rows as one statement, so its text never changes and no database's limit on
parameters is met. Rows are plain tuples that pass the type machinery by: moments in epoch microseconds, JSON as text.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any, Final, Generic, Literal, TypeVar

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Select,
    String,
    Table,
    Text,
    bindparam,
    func,
    select,
    type_coerce,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import ARRAY

from store.sql.types import UtcTime

Row = tuple[Any, ...]
Conflict = Literal["keep", "replace"]
"""What happens to a row whose primary key is there already: it stays, or takes the new values."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def dump_json(value: Any) -> str | None:
    """Return JSON text as the database stores it; None stays SQL's NULL."""
    return None if value is None else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def select_values(connection: Connection, values: Iterable[str]) -> Select[tuple[str]]:
    """Select the given strings as rows of one column, `value`."""
    if connection.dialect.name == "postgresql":
        rows = (
            func.unnest(bindparam(None, list(values), ARRAY(Text))).table_valued("value", name="given").render_derived()
        )
    else:
        rows = func.json_each(bindparam(None, json.dumps(list(values)), Text)).table_valued("value", name="given")
    return select(rows.c.value)


def among(connection: Connection, column: Column[Any], values: Iterable[str]) -> ColumnElement[bool]:
    """Return the condition that `column` is one of `values`."""
    if connection.dialect.name == "postgresql":
        return column == func.any(bindparam(None, list(values), ARRAY(Text)))
    return column.in_(select_values(connection, values))


def leave_index(column: Column[Any]) -> ColumnElement[str]:
    """Return a column of text as one to which no index leads.

    For a condition beside that of given clients or mailboxes: SQLite, which knows nothing of how many rows there are,
    would rather read all rows of a state or campaign than look up a hundred clients.
    """
    return column.concat("")


def match_given(dialect: str, column: Column[Any]) -> ColumnElement[bool]:
    """Return the condition that `column` is one of the values passed by `give`, for a statement that is built once."""
    if dialect == "postgresql":
        return column == func.any(bindparam("given", type_=ARRAY(Text)))
    return column.in_(select_given(dialect))


def select_given(dialect: str) -> Select[tuple[str]]:
    """Select the values passed by `give` as rows of one column, `value`, for a statement that is built once."""
    if dialect == "postgresql":
        array = func.unnest(bindparam("given", type_=ARRAY(Text)))
        return select(array.table_valued("value", name="given").render_derived().c.value)
    return select(func.json_each(bindparam("given", type_=Text)).table_valued("value", name="given").c.value)


def give(connection: Connection, values: Iterable[str]) -> dict[str, Any]:
    """Return the parameter of `match_given` and `select_given`."""
    return {"given": list(values) if connection.dialect.name == "postgresql" else json.dumps(list(values))}


def raw(connection: Connection, column: Column[Any]) -> ColumnElement[Any]:
    """Return `column` as the driver gives it: on SQLite a moment stays a number of microseconds, which is quick to
    read."""
    if connection.dialect.name == "sqlite" and isinstance(column.type, UtcTime):
        return type_coerce(column, BigInteger)
    return column


def write_rows(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    rows: Sequence[Row],
    conflict: Conflict,
) -> list[str] | None:
    """Insert `rows`, tuples in the order of `columns`.

    On PostgreSQL returns the first key column of each row written, for callers who race; on SQLite None, since a
    writer there is alone.
    """
    if not rows:
        return []
    keys = [column.name for column in table.primary_key]
    clause = f"ON CONFLICT ({', '.join(keys)}) {_action(columns, keys, conflict)}"
    into = f"INSERT INTO {table.name} ({', '.join(columns)})"
    if connection.dialect.name != "postgresql":
        marks = ", ".join("?" * len(columns))
        connection.exec_driver_sql(f"{into} VALUES ({marks}) {clause}", list(rows))
        return None
    kinds = [table.c[name].type for name in columns]
    wanted = ", ".join(f"c{i}::jsonb" if isinstance(kind, JSON) else f"c{i}" for i, kind in enumerate(kinds))
    arrays = ", ".join(f"%s::{_array(connection, table.c[name])}[]" for name in columns)
    names = ", ".join(f"c{i}" for i in range(len(columns)))
    statement = f"{into} SELECT {wanted} FROM unnest({arrays}) AS given({names}) {clause} RETURNING {keys[0]}"  # noqa: S608 (names of our own tables)
    values = tuple(_moments(cells, kind) for cells, kind in zip(zip(*rows, strict=True), kinds, strict=True))
    return list(connection.exec_driver_sql(statement, values).scalars())


def _action(columns: Sequence[str], keys: Sequence[str], conflict: Conflict) -> str:
    if conflict == "keep":
        return "DO NOTHING"
    return "DO UPDATE SET " + ", ".join(f"{name} = excluded.{name}" for name in columns if name not in keys)


def _array(connection: Connection, column: Column[Any]) -> str:
    # Text, since a cast to varchar(n) would cut what is too long; the insert refuses it.
    return "text" if isinstance(column.type, JSON | String) else column.type.compile(connection.dialect)


def _moments(cells: Sequence[Any], kind: Any) -> list[Any]:
    if not isinstance(kind, UtcTime):
        return list(cells)
    return [None if cell is None else _EPOCH + timedelta(microseconds=cell) for cell in cells]


def insert_into(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Build an insert that has `on_conflict_do_nothing` and `on_conflict_do_update`."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def insert_ignoring(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> int:
    """Insert rows, leaving out those that exist already; return how many were new."""
    if not rows:
        return 0
    counted = {"preserve_rowcount": True}  # else an insert on PostgreSQL says -1
    if len(rows) == 1:
        ignoring = _build_ignoring(connection.dialect.name, table)
        return connection.execute(ignoring, rows[0], execution_options=counted).rowcount
    statement = insert_into(connection, table).values(rows).on_conflict_do_nothing()
    return connection.execute(statement, execution_options=counted).rowcount


@cache
def _build_ignoring(dialect: str, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Build the insert of one row once, since building it takes longer than running it."""
    if dialect == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()


RowT = TypeVar("RowT", bound=tuple[object, ...])


@dataclass(frozen=True, slots=True)
class RowRefusal:
    """Why the row at `index` of the batch stayed out."""

    index: int
    field: str
    reason: str


@dataclass
class UpsertBatch(Generic[RowT]):
    """The outcome of a batch: ids that are new, ids that changed, and how many rows changed something or nothing.

    A later row of the batch builds on an earlier one with the same id.
    """

    stored: Mapping[str, RowT]
    new: dict[str, RowT] = field(default_factory=dict)
    changed: dict[str, RowT] = field(default_factory=dict)
    changes: int = 0
    same: int = 0
    refused: list[RowRefusal] = field(default_factory=list)
    notes: dict[str, int] = field(default_factory=dict)
    """Things worth reporting that are no faults, with how often."""

    def add_row(self, key: str, merge: Callable[[RowT | None], RowT]) -> None:
        """Add one row: `merge` builds the new values from the stored ones (None: nothing stored yet)."""
        before = self.new.get(key) or self.changed.get(key) or self.stored.get(key)
        after = merge(before)
        if before is None:
            self.new[key] = after
        elif after == before:
            self.same += 1
        else:
            self.changes += 1
            (self.new if key in self.new else self.changed)[key] = after

    def count_note(self, what: str) -> None:
        """Count something worth reporting."""
        self.notes[what] = self.notes.get(what, 0) + 1

    @property
    def rows(self) -> list[RowT]:
        """Return all rows to write, in the order of their ids: one order for all writers."""
        return [row for _, row in sorted({**self.new, **self.changed}.items())]
