"""Find Temporal's time-skipping test server, or get it into the cache: `python -m scripts.time_skipping_server`.

In this order: a `temporal-test-server` on PATH, the cache, the SDK's own download, Maven with a Java of this
machine. The last line on stdout is the path; progress goes to stderr. Only tests need this server.
"""

from __future__ import annotations

import sys
from pathlib import Path

from demo.servers import TEST_SERVER_VERSION, build_time_skipping_path, find_time_skipping
from scripts.download import Way, download_by_sdk, print_server_path
from scripts.maven import fetch_java_program

START = """#!/bin/sh
# Starts the time-skipping test server; its libraries lie beside this file.
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
exec java -cp "$here/lib/*" io.temporal.testserver.TestServer "$@"
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
    return print_server_path(
        "Temporal's time-skipping test server",
        find_time_skipping,
        build_time_skipping_path,
        [Way("the SDK's download", from_sdk), Way("Maven", from_maven)],
        "open internet, or Java and Maven on PATH",
    )


if __name__ == "__main__":
    sys.exit(main())
