"""Prints the path of Temporal's server as a shop runs it, without the dev server's shell, and builds it with Go when it
is absent. `python -m scripts.production_server`. Beside it stands the tool that makes its tables in PostgreSQL.

Only tests and measurements need it. Nothing is installed: both programs lie in the user's cache.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final

from scripts.download import Way, print_server_path, run_bounded

VERSION: Final = "1.29.1"
"""The server inside the dev server that `scripts.temporal_server` builds, so Go compiles little twice."""
SCHEMA_TOOL: Final = "temporal-sql-tool"


def get_target(cache: Path) -> Path:
    """Return where the server stands."""
    return cache / f"temporal-server-{VERSION}" / "temporal-server"


def find(cache: Path) -> Path | None:
    """Find the server."""
    return target if os.access(target := get_target(cache), os.X_OK) else None


def from_go(folder: Path) -> None:
    """Build the server and its schema tool. Raises DownloadError."""
    programs = [f"go.temporal.io/server/cmd/{name}@v{VERSION}" for name in ("server", "tools/sql")]
    doing = "go install of Temporal's server (1 to 4 min)"
    env = os.environ | {"GOBIN": str(folder)}
    run_bounded(["go", "install", "-ldflags", "-s -w", *programs], doing=doing, limit_s=1200, env=env)
    (folder / "sql").rename(folder / SCHEMA_TOOL)
    (folder / "server").rename(folder / "temporal-server")


def main() -> int:
    """Print the path; 1 with one clear line when the server cannot be had."""
    mend = "Go 1.24+ on PATH and a Go module proxy that answers (GOPROXY)"
    return print_server_path("Temporal's server on PostgreSQL", find, get_target, [Way("go install", from_go)], mend)


if __name__ == "__main__":
    sys.exit(main())
