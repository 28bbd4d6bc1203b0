"""Our tables in a test's own database: made once a process by the migrations, and copied from there."""

from __future__ import annotations

import sqlite3
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Engine

from store.database import connect
from store.migrate import upgrade


def create_tables(engine: Engine) -> None:
    """Give an empty database our tables. On SQLite by a copy, which takes a tenth of the migrations' time; one on
    PostgreSQL comes with its tables by the fixture `postgres_tables_url`."""
    if engine.dialect.name != "sqlite":
        upgrade(engine)
        return
    raw = engine.raw_connection()
    try:
        _load_template().backup(raw.driver_connection)  # type: ignore[arg-type]  # SQLAlchemy does not know the driver's
    finally:
        raw.close()


@cache
def _load_template() -> sqlite3.Connection:
    """Migrate a database once, and keep it in memory."""
    template = sqlite3.connect(":memory:", check_same_thread=False)
    with TemporaryDirectory() as folder:
        engine = connect(f"sqlite:///{Path(folder) / 'template.db'}")
        upgrade(engine)
        raw = engine.raw_connection()
        raw.driver_connection.backup(template)  # type: ignore[union-attr]
        raw.close()
        engine.dispose()
    return template
