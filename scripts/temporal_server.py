"""Find Temporal's dev server, or get it into the user's cache: `python -m scripts.temporal_server`.

In this order: a `temporal` on PATH that is new enough, the cache, the SDK's own download, `go install`
(3 minutes on 2 cores). The last line on stdout is the path; progress goes to stderr.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from demo.servers import CLI_VERSION, build_temporal_path, find_temporal, is_new_enough
from scripts.download import DownloadError, Way, download_by_sdk, print_server_path, run_bounded


def from_sdk(folder: Path) -> None:
    """Download by the SDK, and keep it only if its server is one that we accept."""
    download_by_sdk(folder, "start_local", "temporal")
    if not is_new_enough(folder / "temporal"):
        raise DownloadError("the SDK's server is older than the oldest that Selvedge accepts")


def from_go(folder: Path) -> None:
    """Build the CLI with Go. 1.5.1 is the newest that `go install` takes; later ones carry a local replace."""
    command = ["go", "install", "-ldflags", "-s -w", f"github.com/temporalio/cli/cmd/temporal@v{CLI_VERSION}"]
    env = os.environ | {"GOBIN": str(folder)}
    run_bounded(command, doing="go install of Temporal (about 3 min)", limit_s=1200, env=env)


def main() -> int:
    """Print the path of the dev server; 1 with one clear line when it cannot be had."""
    return print_server_path(
        "Temporal's dev server",
        find_temporal,
        build_temporal_path,
        [Way("the SDK's download", from_sdk), Way("go install", from_go)],
        "open internet, or Go 1.24+ on PATH, or put a `temporal` with server 1.29 or later on PATH",
    )


if __name__ == "__main__":
    sys.exit(main())
