"""Prints the path of `promtool`, which checks the alert rules; unpacks Debian's package when it is absent. Nothing is
installed. `python -m scripts.prometheus`"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from scripts.debian import unpack_packages
from scripts.download import Way, print_server_path


def get_target(cache: Path) -> Path:
    """Return where the unpacked program stands."""
    return cache / "debian-prometheus" / "promtool"


def find(cache: Path) -> Path | None:
    """Find the program: that of PATH, else the unpacked one."""
    if on_path := shutil.which("promtool"):
        return Path(on_path)
    return target if os.access(target := get_target(cache), os.X_OK) else None


def fetch_package(folder: Path) -> None:
    """Unpack the program. Raises DownloadError."""
    unpack_packages(folder, ["prometheus"], "usr/bin/promtool", "promtool")


def main() -> int:
    """Print the path; 1 when the program cannot be had."""
    ways = [Way("Debian's package, unpacked", fetch_package)]
    return print_server_path("promtool", find, get_target, ways, "use Debian, or leave out tests/deploy/test_alerts.py")


if __name__ == "__main__":
    sys.exit(main())
