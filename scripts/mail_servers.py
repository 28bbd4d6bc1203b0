"""Prints the path of Postfix's `master`, which tests send real mail through; gets Debian's packages when it is absent.

Beside it stand SpamAssassin and Mail::DKIM, by which tests judge that mail, and Dovecot, whose mailboxes they poll.
Nothing is installed: the packages are unpacked in the user's cache. `python -m scripts.mail_servers`
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from scripts.debian import unpack_packages
from scripts.download import DownloadError, Way, print_server_path

WANTED: Final = ("postfix", "spamassassin", "libmail-dkim-perl", "dovecot-imapd", "dovecot-pop3d")
SKIPPED: Final = ("perl", "debconf", "cdebconf", "init-system-helpers", "lsb-base", "curl", "w3m")
"""Parts of the system that unpacked programs use as they find them."""


def get_target(cache: Path) -> Path:
    """Return where the unpacked server stands. The number tells folders with other packages apart."""
    return cache / "debian-mail-2" / "master"


def find(cache: Path) -> Path | None:
    """Find the unpacked server."""
    return target if os.access(target := get_target(cache), os.X_OK) else None


def list_packages() -> list[str]:
    """List what is wanted and not installed, with all that it needs. Raises DownloadError."""
    needs = [f"--no-{kind}" for kind in ("recommends", "suggests", "conflicts", "breaks", "replaces", "enhances")]
    told = _ask(["apt-cache", "depends", "--recurse", "--no-pre-depends", *needs, *WANTED])
    installed = set(_ask(["dpkg-query", "-W", "-f", "${Package}\n"]).split())
    names = {line for line in told.splitlines() if line[:1].isalnum() and ":" not in line}
    return sorted(name for name in names - installed | set(WANTED) if not name.startswith(SKIPPED))


def _ask(command: list[str]) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 - fixed commands
    except (OSError, subprocess.CalledProcessError) as missing:
        raise DownloadError("no Debian package system here") from missing


def fetch_packages(folder: Path) -> None:
    """Unpack the programs and what they need. Raises DownloadError."""
    unpack_packages(folder, list_packages(), "usr/lib/postfix/sbin/master", "master")


def main() -> int:
    """Print the path; 1 when the server cannot be had."""
    ways = [Way("Debian's packages, unpacked", fetch_packages)]
    return print_server_path("Postfix", find, get_target, ways, "use Debian, or leave out tests/e2e/test_postfix.py")


if __name__ == "__main__":
    sys.exit(main())
