"""Whether the shop can still write: to its database, and to its folder."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from tempfile import TemporaryFile
from typing import Final

from sqlalchemy import Engine

from errors import Unavailable
from store.database import write_transaction
from store.revisions import raise_number

LEAST_FREE: Final = 100_000_000
"""Bytes on the disk. What a burst of mail and a checkpoint of the database need."""
_NAME: Final = "health"


def probe_database(engine: Engine) -> None:
    """Write one row. Raises Unavailable, as when the disk is full, the database locked or read-only."""
    with write_transaction(engine) as connection:
        raise_number(connection, _NAME)


def probe_home(home: Path, least_free: int = LEAST_FREE) -> None:
    """Write a file into the shop's folder and away again. Raises Unavailable saying what is wrong."""
    try:
        with TemporaryFile(dir=home, prefix=".probe") as file:
            file.write(b"\0" * 4_096)
            file.flush()
            os.fsync(file.fileno())
        free = shutil.disk_usage(home).free
    except OSError as refused:
        raise Unavailable(f"SELVEDGE_HOME cannot be written: {refused.strerror}") from None
    if free < least_free:
        raise Unavailable(f"SELVEDGE_HOME: {free // 1_000_000} MB are left on its disk; free some before it is full")
