"""Find Temporal's time-skipping test server, or get it into the cache: `python -m scripts.time_skipping_server`.

In this order: a `temporal-test-server` on PATH, the cache, the SDK's own download, Maven with a Java of this
machine. The last line on stdout is the path; progress goes to stderr. Only tests need this server.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from demo.servers import TEST_SERVER_VERSION, build_time_skipping_path, find_time_skipping
from scripts.download import Way, download_by_sdk, print_server_path
from scripts.maven import fetch_java_program
from scripts.shared_classes import ARCHIVE, ensure_archive
from settings import find_user_cache

MAIN = "io.temporal.testserver.TestServer"
START = f"""#!/bin/sh
# Starts the time-skipping test server; its libraries lie beside this file.
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
classes="$here/{ARCHIVE}"
[ ! -f "$classes" ] || set -- "-XX:SharedArchiveFile=$classes" -cp "$here/lib/*" {MAIN} "$@"
[ -f "$classes" ] || set -- -cp "$here/lib/*" {MAIN} "$@"
exec java -XX:+UseSerialGC "$@"
"""


def from_sdk(folder: Path) -> None:
    """Download one native program by the SDK."""
    download_by_sdk(folder, "start_time_skipping", "temporal-test-server")


def from_maven(folder: Path) -> None:
    """Fetch the server by Maven. Raises DownloadError."""
    coordinates = f"io.temporal:temporal-test-server:{TEST_SERVER_VERSION}"
    doing = "Maven's download of the test server (about 30 s)"
    fetch_java_program(folder, coordinates, START, "temporal-test-server", doing)


def main() -> int:
    """Print the path of the test server; 1 with one clear line when it cannot be had."""
    status = print_server_path(
        "Temporal's time-skipping test server",
        find_time_skipping,
        build_time_skipping_path,
        [Way("the SDK's download", from_sdk), Way("Maven", from_maven)],
        "open internet, or Java and Maven on PATH",
    )
    start = build_time_skipping_path(find_user_cache())
    if status == 0 and (start.parent / "lib").is_dir():
        _renew_start(start)
        ensure_archive(start, MAIN)
    return status


def _renew_start(start: Path) -> None:
    """Write the start script anew where the cache has it from an earlier version."""
    if start.read_text() != START:
        fresh = start.with_name(f"{start.name}.{os.getpid()}")
        fresh.write_text(START)
        fresh.chmod(0o755)
        fresh.replace(start)


if __name__ == "__main__":
    sys.exit(main())
