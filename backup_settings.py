"""Settings of backups: where they go, who can read them, how old they may be."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings


class BackupSettings(BaseSettings):
    """Part of the settings."""

    backup_folder: Path | None = None
    """Where backups and the register of the time since go; best on another machine's disk. None: there are none."""
    backup_recipients: str = ""
    """Public keys, separated by commas, to which backups are encrypted; `selvedge backup key` makes a pair."""
    backup_hours: float = Field(default=26.0, gt=0)
    """Hours after which a missing backup is a fault in health and metrics."""
    backup_days: float = Field(default=30.0, ge=1)
    """Days for which backups are kept; people who were erased are in them so long. The newest stays."""
