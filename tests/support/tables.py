"""Our tables in a test's own database: made once a process by the migrations, and copied from there."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine

from store.database import connect
from store.migrate import upgrade

Fill = Callable[[Engine], None]
"""Writes rows into a database that has our tables."""


def fill_nothing(_engine: Engine) -> None:
    """Leave the tables empty."""


def create_tables(engine: Engine, fill: Fill = fill_nothing) -> None:
    """Give an empty database our tables, and the rows that `fill` writes. On SQLite by a copy, which takes a tenth of
    the time; one on PostgreSQL comes with its tables by the fixture `postgres_tables_url`."""
    if engine.dialect.name != "sqlite":
        upgrade(engine)
        fill(engine)
        return
    raw = engine.raw_connection()
    try:
        _load_template(fill).backup(raw.driver_connection)  # type: ignore[arg-type]  # SQLAlchemy does not know it
    finally:
        raw.close()


@cache
def _load_template(fill: Fill) -> sqlite3.Connection:
    """Migrate and fill a database once, and keep it in memory."""
    template = sqlite3.connect(":memory:", check_same_thread=False)
    with TemporaryDirectory() as folder:
        engine = connect(f"sqlite:///{Path(folder) / 'template.db'}")
        upgrade(engine) if fill is fill_nothing else create_tables(engine)
        fill(engine)
        raw = engine.raw_connection()
        raw.driver_connection.backup(template)  # type: ignore[union-attr]
        raw.close()
        engine.dispose()
    return template
