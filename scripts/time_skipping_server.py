"""Find Temporal's time-skipping test server, or get it into the cache: `python -m scripts.time_skipping_server`.

In this order: a `temporal-test-server` on PATH, the cache, the SDK's own download, Maven with a Java of this
machine. The last line on stdout is the path; progress goes to stderr. Only tests need this server.
"""

from __future__ import annotations

import sys
from pathlib import Path

from demo.servers import TEST_SERVER_VERSION, build_time_skipping_path, find_time_skipping
from scripts.download import Way, download_by_sdk, print_server_path, run_bounded

COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies"

POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>selvedge</groupId>
  <artifactId>servers</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>io.temporal</groupId>
      <artifactId>temporal-test-server</artifactId>
      <version>{TEST_SERVER_VERSION}</version>
    </dependency>
  </dependencies>
</project>
"""

START = """#!/bin/sh
# Starts the time-skipping test server; its libraries lie beside this file.
here=$(CDPATH= cd -- "$(dirname -- "$0")" && pwd)
exec java -cp "$here/lib/*" io.temporal.testserver.TestServer "$@"
"""


def from_sdk(folder: Path) -> None:
    """Download one native program by the SDK."""
    download_by_sdk(folder, "start_time_skipping", "temporal-test-server")


def from_maven(folder: Path) -> None:
    """Fetch the server's jar and all it needs by Maven, and write a start script."""
    run_bounded(["java", "-version"], doing="looking for Java", limit_s=60)
    pom = folder / "pom.xml"
    pom.write_text(POM)
    run_bounded(
        # -C: a wrong checksum is an error, not a warning.
        ["mvn", "-B", "-q", "-C", "-f", str(pom), COPY, f"-DoutputDirectory={folder / 'lib'}"],
        doing="Maven's download of the test server (about 30 s)",
        limit_s=600,
    )
    start = folder / "temporal-test-server"
    start.write_text(START)
    start.chmod(0o755)


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
