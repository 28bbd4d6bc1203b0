"""The whole store as files, and back: SQLite by its online backup, PostgreSQL by COPY in one snapshot."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, MetaData, func, inspect, select, text

from errors import BadInput
from store.database import read_transaction, write_transaction
from store.migrate import load_version, upgrade_to
from store.tables import clients, events

VERSION_TABLE: Final = "alembic_version"
SQLITE_FILE: Final = "store.db"
COPY: Final = ".copy"


def copy_store(engine: Engine, folder: Path) -> str:
    """Copy the store into `folder`, as it is at one moment; return its revision."""
    if engine.dialect.name == "sqlite":
        return _copy_sqlite(engine, folder)
    return _copy_postgresql(engine, folder)


def _copy_sqlite(engine: Engine, folder: Path) -> str:
    raw = engine.raw_connection()
    try:
        with closing(sqlite3.connect(folder / SQLITE_FILE)) as copy:
            raw.driver_connection.backup(copy)  # type: ignore[union-attr]
            copy.execute("PRAGMA journal_mode=DELETE")
            return str(copy.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchone()[0])  # noqa: S608
    finally:
        raw.close()


def _copy_postgresql(engine: Engine, folder: Path) -> str:
    with engine.connect() as connection:
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        revision = str(load_version(connection))
        cursor = _get_cursor(connection)
        for name in inspect(connection).get_table_names():
            if name == VERSION_TABLE:
                continue
            columns = _list_columns(connection, name)
            with (folder / f"{name}{COPY}").open("wb") as file:
                file.write(f"{columns}\n".encode())
                with cursor.copy(f'COPY "{name}" ({columns}) TO STDOUT') as rows:
                    for piece in rows:
                        file.write(piece)
    return revision


def _list_columns(connection: Connection, name: str) -> str:
    return ", ".join(f'"{column["name"]}"' for column in inspect(connection).get_columns(name))


def _get_cursor(connection: Connection) -> Any:
    return connection.connection.cursor()


def check_copy(folder: Path, database: str) -> None:
    """Check that a copy can be read. Raises BadInput."""
    if database == "postgresql":
        return  # text, which the digests cover
    with closing(sqlite3.connect(folder / SQLITE_FILE)) as copy:
        try:
            fault = copy.execute("PRAGMA quick_check").fetchone()[0]
        except sqlite3.DatabaseError as broken:
            fault = str(broken)
    if fault != "ok":
        raise BadInput(f"the store in this backup is damaged: {fault}", "file")


def has_shop(engine: Engine) -> bool:
    """Return whether the database holds a shop already: clients or events."""
    with read_transaction(engine) as connection:
        names = inspect(connection).get_table_names()
        tables = [table for table in (clients, events) if table.name in names]
        return any(connection.scalar(select(func.count()).select_from(table)) for table in tables)


def load_copy(engine: Engine, folder: Path, revision: str) -> None:
    """Put a copy in the place of whatever the database holds, at the revision at which it was made."""
    if engine.dialect.name == "sqlite":
        _load_sqlite(engine, folder)
    else:
        _load_postgresql(engine, folder, revision)


def _load_sqlite(engine: Engine, folder: Path) -> None:
    raw = engine.raw_connection()
    try:
        with closing(sqlite3.connect(folder / SQLITE_FILE)) as copy:
            copy.backup(raw.driver_connection)  # type: ignore[arg-type]
    finally:
        raw.close()
    engine.dispose()


def _load_postgresql(engine: Engine, folder: Path, revision: str) -> None:
    with write_transaction(engine) as connection:
        before = MetaData()
        before.reflect(connection)
        before.drop_all(connection)
        upgrade_to(connection, revision)
        made = MetaData()
        made.reflect(connection)
        tables = [table for table in made.sorted_tables if table.name != VERSION_TABLE]
        cursor = _get_cursor(connection)
        for table in tables:
            connection.execute(table.delete())  # what a migration put in
        for table in tables:
            _load_table(cursor, table.name, folder / f"{table.name}{COPY}")
            if table.autoincrement_column is not None:
                _set_sequence(connection, table.name, table.autoincrement_column.name)


def _load_table(cursor: Any, name: str, path: Path) -> None:
    with path.open("rb") as file:
        columns = file.readline().decode().strip()
        with cursor.copy(f'COPY "{name}" ({columns}) FROM STDIN') as rows:
            while piece := file.read(1 << 20):
                rows.write(piece)


def _set_sequence(connection: Connection, table: str, column: str) -> None:
    sequence = connection.scalar(text("SELECT pg_get_serial_sequence(:t, :c)"), {"t": f'"{table}"', "c": column})
    if sequence:
        largest = f'SELECT coalesce(max("{column}"), 0) + 1 FROM "{table}"'  # noqa: S608 - names of our own tables
        connection.execute(text(f"SELECT setval(:s, ({largest}), false)"), {"s": sequence})
