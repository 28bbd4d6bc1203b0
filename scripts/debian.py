"""Unpack Debian's packages without installing them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from scripts.download import run_bounded

_UNPACK: Final = 'cd "$0" && apt-get download -q "$@" && for f in *.deb; do dpkg-deb -x "$f" . && rm "$f"; done'


def unpack_packages(folder: Path, packages: Sequence[str], program: str, name: str) -> None:
    """Unpack `packages` into `folder`, and link `program`, a path within it, as `folder`/`name`. Raises
    DownloadError."""
    run_bounded(["sh", "-c", _UNPACK, str(folder), *packages], doing="Debian's packages", limit_s=300)
    (folder / name).symlink_to(program)
