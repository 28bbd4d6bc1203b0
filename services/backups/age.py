"""How old the newest backup and the register are."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from services.backups.creation import list_backups
from services.backups.register import load_seen
from settings import Settings

SILENT_S: Final = 300.0
"""Real seconds after which a register that nobody writes is a fault."""


def find_backup_fault(settings: Settings, real_now: datetime) -> str:
    """Find what is wrong with the backups, in one sentence; empty: nothing, or there are none by choice."""
    folder = settings.backup_folder
    if folder is None:
        return ""
    newest = next(iter(list_backups(folder)), None)
    if newest is None:
        return "there is no backup yet; run `selvedge backup create`"
    if (age := real_now - newest.taken_at) > timedelta(hours=settings.backup_hours):
        return f"the newest backup is {age.total_seconds() / 3600:.0f} hours old"
    seen = load_seen(folder)
    if seen is None or (real_now - seen[0]).total_seconds() > SILENT_S:
        return (
            "the register of erasures, opt-outs and mails is not written; does a worker reach SELVEDGE_BACKUP_FOLDER?"
        )
    return ""
