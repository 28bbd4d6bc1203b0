"""One engine for each process, and transactions that behave alike on both databases."""

from __future__ import annotations

import logging
import random
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, NoSuchModuleError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from errors import BadInput, ConfigError, Unavailable
from store.sql.patience import COMMAND, Patience

log = logging.getLogger("selvedge.database")

LOOK_AGAIN_S: Final = 0.001
"""How long to sleep, on average, before looking again whether SQLite's write lock is free. Between two transactions of
a busy process it is free for some tenths of a millisecond."""
BUSY: Final = frozenset({"SQLITE_BUSY", "SQLITE_BUSY_RECOVERY", "SQLITE_BUSY_SNAPSHOT"})
SMALL_POOL: Final = (3, 5)
"""Connections that stay open, and more in need: of a part whose work must not wait behind others."""


def connect(url: str, patience: Patience = COMMAND, pool: tuple[int, int] | None = None) -> Engine:
    """Create an engine for `url` (SQLite or PostgreSQL). `pool`: connections that stay open, and more in need. Raises
    ConfigError naming SELVEDGE_DATABASE_URL."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):  # ValueError: a port that is no number
        raise ConfigError(
            "SELVEDGE_DATABASE_URL: not a database URL, such as sqlite:///path or postgresql+psycopg://…"
        ) from None
    if parsed.get_backend_name() == "sqlite":
        return _sqlite(url, parsed.database, patience, pool or (16, 32))
    if parsed.get_backend_name() != "postgresql":
        raise ConfigError(f"SELVEDGE_DATABASE_URL: {parsed.get_backend_name()} is not served; use sqlite or postgresql")
    return _postgresql(url, patience, pool or (10, 20))


def _postgresql(url: str, patience: Patience, pool: tuple[int, int]) -> Engine:
    engine = _create_engine(
        url,
        pool_size=pool[0],
        max_overflow=pool[1],
        pool_timeout=patience.pool_s,
        pool_pre_ping=True,
        hide_parameters=True,
    )

    @event.listens_for(engine, "do_connect")
    def _connect(_dialect: Any, _record: Any, arguments: Any, parameters: dict[str, Any]) -> Any:
        from store.sql.patience_postgresql import connect_patiently  # noqa: PLC0415 - not needed with SQLite

        return connect_patiently(patience, arguments, parameters)

    return engine


def _create_engine(url: str, **options: Any) -> Engine:
    try:
        return create_engine(url, **options)
    except (NoSuchModuleError, ModuleNotFoundError):
        raise ConfigError(
            "SELVEDGE_DATABASE_URL: no such driver; use sqlite:///path or postgresql+psycopg://…"
        ) from None


def _sqlite(url: str, path: str | None, patience: Patience, pool: tuple[int, int]) -> Engine:
    if path:
        try:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        except OSError as refused:
            raise ConfigError(
                f"SELVEDGE_HOME or SELVEDGE_DATABASE_URL: cannot make {Path(path).parent}: {refused.strerror}"
            ) from None
    engine = _create_engine(
        url,
        pool_size=pool[0],
        max_overflow=pool[1],
        pool_timeout=patience.pool_s,
        hide_parameters=True,  # they hold names and addresses, which must not reach a log by way of an error
        connect_args={"check_same_thread": False, "timeout": patience.lock_s},
        execution_options={"selvedge_writers": Writers(patience.lock_s)},
    )

    @event.listens_for(engine, "connect")
    def _pragmas(raw: Any, _record: Any) -> None:
        # The driver's own transaction handling opens read transactions that cannot be upgraded; we say BEGIN ourselves.
        raw.isolation_level = None
        raw.execute("PRAGMA journal_mode=WAL")
        raw.execute("PRAGMA synchronous=NORMAL")
        raw.execute(f"PRAGMA busy_timeout={patience.lock_s * 1000:.0f}")
        raw.execute("PRAGMA foreign_keys=ON")
        raw.execute("PRAGMA temp_store=MEMORY")
        raw.execute("PRAGMA cache_size=-65536")
        raw.execute("PRAGMA secure_delete=ON")  # the default of some builds: what was erased is in no free page

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        if connection.get_execution_options().get("selvedge_write", False):
            _begin_write(connection, patience.lock_s)
        else:
            connection.exec_driver_sql("BEGIN")

    return engine


def _begin_write(connection: Connection, patience_s: float) -> None:
    """Begin a transaction that writes, waiting for other processes for `patience_s` real seconds at most.

    SQLite's own wait sleeps ever longer, up to 100 ms: beside a process that writes without a pause it found the lock
    taken for seconds. Raises sqlalchemy.exc.OperationalError.
    """
    raw: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
    until = time.monotonic() + patience_s
    raw.execute("PRAGMA busy_timeout=0")
    try:
        while _try_to_begin(raw) in BUSY and time.monotonic() < until:
            time.sleep(random.uniform(0.5, 1.5) * LOOK_AGAIN_S)
        if not raw.in_transaction:
            connection.exec_driver_sql("BEGIN IMMEDIATE")  # what is wrong becomes an error of SQLAlchemy's
    finally:
        raw.execute(f"PRAGMA busy_timeout={patience_s * 1000:.0f}")


def _try_to_begin(raw: sqlite3.Connection) -> str:
    """Try to begin and return SQLite's name of what was wrong, empty where nothing was."""
    try:
        raw.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as refused:
        return refused.sqlite_errorname
    return ""


@dataclass(frozen=True)
class Writers:
    """Whose turn it is to write to SQLite, among the threads of one engine, and how long the others wait."""

    patience_s: float
    turn: Lock = field(default_factory=Lock)


@contextmanager
def write_transaction(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that writes: committed at the end, rolled back on any error.

    Raises Unavailable when the database does not answer.
    """
    with _translate_errors(), _wait_for_turn(engine), engine.connect() as plain:
        connection = plain.execution_options(selvedge_write=True)
        with connection.begin():
            yield connection


@contextmanager
def _wait_for_turn(engine: Engine) -> Iterator[None]:
    """Let the writers of one process follow each other without a gap: SQLite has one at a time."""
    writers: Writers | None = engine.get_execution_options().get("selvedge_writers")
    if writers is None:
        yield
        return
    if not writers.turn.acquire(timeout=writers.patience_s):
        raise Unavailable("the database is busy with another write")
    try:
        yield
    finally:
        writers.turn.release()


@contextmanager
def read_transaction(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that only reads: one consistent picture, and never in a writer's way."""
    with _translate_errors(), engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def _translate_errors() -> Iterator[None]:
    try:
        yield
    except DataError as unfit:  # PostgreSQL takes no NUL, SQLite does; what was sent stays out of the message
        raise BadInput("something in it is too long, too large or of a kind that the database cannot keep") from unfit
    except OverflowError as unfit:  # SQLite's driver, before it asks the database
        raise BadInput("a number in it is larger than the database can keep") from unfit
    except DBAPIError as failed:
        if isinstance(failed, _OUR_FAULT):
            raise
        # The driver's own first line ("no such table: clients", "connection refused") names no client.
        why = (str(failed.orig).strip() or type(failed.orig).__name__).splitlines()[0]
        full = f"the database does not answer as it should (SELVEDGE_DATABASE_URL): {why}"
        log.warning("%s", full)  # who asks from outside is not told where it stands
        raise Unavailable(full, public="the database does not answer just now; nothing was changed") from failed
    except PoolTimeout as busy:
        raise Unavailable("every connection to the database is in use") from busy


def empty_journal(engine: Engine) -> None:
    """Empty SQLite's journal, which may still hold what was deleted. Left for later while somebody reads it; on
    PostgreSQL vacuuming and archives are the operator's."""
    if engine.dialect.name != "sqlite":
        return
    raw = engine.raw_connection()
    try:
        raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        raw.close()


_OUR_FAULT: Final = (IntegrityError, ProgrammingError)
"""Errors of our own statements; all others are the database's, such as a file that is no database."""


def measure_bytes(connection: Connection) -> int:
    """Measure how large the database is on the disk, its journal apart."""
    postgresql = connection.dialect.name == "postgresql"
    pages = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    return int(connection.scalar(text("SELECT pg_database_size(current_database())" if postgresql else pages)) or 0)


def ping(engine: Engine) -> None:
    """Query the database once. Raises Unavailable when it does not answer."""
    with read_transaction(engine) as connection:
        connection.execute(text("SELECT 1"))
