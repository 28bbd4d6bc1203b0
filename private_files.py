"""Who may read the shop's files: the account that runs it, and nobody else."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

FOLDER: Final = 0o700
FILE: Final = 0o600
OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def keep_private(home: Path) -> list[str]:
    """Keep `home` and what lies in it from all other accounts, also what this process and its children make from now
    on; return the paths that still are open to others because they belong to somebody else."""
    os.umask(OTHERS)
    home.mkdir(mode=FOLDER, parents=True, exist_ok=True)
    left_open = []
    for path in (home, *sorted(home.iterdir())):
        mode = path.lstat().st_mode
        if stat.S_ISLNK(mode) or not mode & OTHERS:
            continue
        try:
            path.chmod(stat.S_IMODE(mode) & ~OTHERS)
        except OSError:
            left_open.append(str(path))
    return left_open


def warn_of_open_files(home: Path) -> str:
    """Keep `home` private and return one line on what stays open to others; empty when nothing does."""
    left_open = keep_private(home)
    if not left_open:
        return ""
    others = f" and {len(left_open) - 1} more" if len(left_open) > 1 else ""
    return f"SELVEDGE_HOME: {left_open[0]}{others} can be read by other accounts and is not ours to close; chmod go-rwx"
