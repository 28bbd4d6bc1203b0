"""Private folders for plain copies. They are gone when the work is done; after a kill, when such work is done again."""

from __future__ import annotations

import fcntl
import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from settings import Settings

PREFIX: Final = ".backup-"
LOCK: Final = ".backup.lock"
"""Held, shared, by everybody who has such a folder."""

log = logging.getLogger("selvedge.backups")


@contextmanager
def make_private_folder(settings: Settings) -> Iterator[Path]:
    """Make a folder for plain copies that nobody else can read, and delete it with all that it holds."""
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    delete_leftovers(settings)
    with (settings.home / LOCK).open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        with TemporaryDirectory(prefix=PREFIX, dir=settings.home) as work:
            yield Path(work)


def delete_leftovers(settings: Settings) -> None:
    """Delete the plain copies of whoever was killed; while anybody has such a folder, none is deleted."""
    if not list(settings.home.glob(f"{PREFIX}*")):
        return
    with (settings.home / LOCK).open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        for path in settings.home.glob(f"{PREFIX}*"):
            shutil.rmtree(path)
            log.warning("%s: the plain copy of a backup or restore that was killed; deleted", path)
