"""The lock of the demo's home folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from fcntl import LOCK_EX, LOCK_NB, flock

from errors import ConfigError
from private_files import keep_private
from settings import Settings


@contextmanager
def lock_home(settings: Settings) -> Iterator[None]:
    """Hold the home folder's lock: two runs on one folder would fight over everything."""
    keep_private(settings.home)
    with (settings.home / "demo.lock").open("w") as lock:
        try:
            flock(lock, LOCK_EX | LOCK_NB)
        except OSError:
            raise ConfigError(f"SELVEDGE_HOME: another demo runs in {settings.home}; set another folder") from None
        yield
