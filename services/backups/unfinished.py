"""A restore that was cut short: the shop stands there, but not yet what the register knows of the time since."""

from __future__ import annotations

import os
from typing import Final

from errors import ConfigError
from settings import Settings

MARKER: Final = "restoring"
"""A file in SELVEDGE_HOME from before the first change of a restore until after its last erasure."""


def begin_restore(settings: Settings) -> None:
    """Mark that a restore is under way, so that nothing serves or mails before it is through."""
    settings.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (settings.home / MARKER).open("wb") as file:
        os.fsync(file.fileno())
    folder = os.open(settings.home, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def end_restore(settings: Settings) -> None:
    """Say that a restore is through."""
    (settings.home / MARKER).unlink(missing_ok=True)


def refuse_unfinished(settings: Settings) -> None:
    """Raise ConfigError where a restore was cut short."""
    if (settings.home / MARKER).exists():
        raise ConfigError("SELVEDGE_HOME: a restore was cut short: run it again with --into")
