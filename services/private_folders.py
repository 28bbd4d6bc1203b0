"""Folders for plain copies of real clients: private, and gone when the process is."""

from __future__ import annotations

import fcntl
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final
from uuid import uuid4

from errors import ConfigError

BACKUPS: Final = ".backups"
"""Under SELVEDGE_HOME: of backups and restores."""
SIMULATIONS: Final = "simulations"
"""The same of simulations."""

log = logging.getLogger("selvedge.folders")


@contextmanager
def open_private_folder(parent: Path) -> Iterator[Path]:
    """Open a folder in `parent` that only we can read, and delete it at the end. What a process left that was killed
    is deleted first: its lock is gone with it.

    Raises ConfigError where it cannot be made.
    """
    try:
        parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _lock(parent):
            _sweep(parent)
            folder = parent / uuid4().hex
            folder.mkdir(mode=0o700)
            held = _take(folder)
    except OSError as refused:
        raise ConfigError(f"SELVEDGE_HOME: cannot make a folder in {parent}: {refused.strerror}") from None
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)


def delete_leftovers(parent: Path) -> None:
    """Delete the folders in `parent` that no process holds."""
    if parent.is_dir():
        with _lock(parent):
            _sweep(parent)


def _sweep(parent: Path) -> None:
    for folder in (path for path in parent.iterdir() if path.is_dir()):
        with suppress(BlockingIOError, FileNotFoundError), _lock(folder, fcntl.LOCK_NB):  # in use, or gone meanwhile
            shutil.rmtree(folder, ignore_errors=True)
            log.warning("%s: left by a process that was killed; deleted", folder)


@contextmanager
def _lock(folder: Path, how: int = 0) -> Iterator[None]:
    held = _take(folder, how)
    try:
        yield
    finally:
        os.close(held)


def _take(folder: Path, how: int = 0) -> int:
    """Take the lock of a folder, which goes when the process does, and return its file descriptor."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(opened, fcntl.LOCK_EX | how)
    except BaseException:
        os.close(opened)
        raise
    return opened
