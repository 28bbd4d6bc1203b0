"""How a process takes SQLite's one write lock from the others."""

from __future__ import annotations

import random
import sqlite3
import time
from typing import Final

from sqlalchemy import Connection

LOOK_AGAIN_S: Final = 0.001
"""How long to sleep, on average, before looking again. Between two transactions of a busy process the lock is free for
some tenths of a millisecond."""
BUSY: Final = frozenset({"SQLITE_BUSY", "SQLITE_BUSY_RECOVERY", "SQLITE_BUSY_SNAPSHOT"})


def begin_write(connection: Connection, patience_s: float) -> None:
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
