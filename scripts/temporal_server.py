"""Find Temporal's dev server, or get it into the user's cache: `python -m scripts.temporal_server`.

In this order: a `temporal` on PATH that is new enough, the cache, the SDK's own download, `go install`
(3 minutes on 2 cores). The last line on stdout is the path; progress goes to stderr.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from demo.servers import CLI_VERSION, find_temporal, new_enough, temporal_in_cache
from scripts.getting import Failed, Way, run_bounded, sdk_download, tell


def from_sdk(folder: Path) -> None:
    """The SDK's own download, kept only if its server is one that we accept."""
    sdk_download(folder, "start_local", "temporal")
    if not new_enough(folder / "temporal"):
        raise Failed("the SDK's server is older than the oldest that Selvedge accepts")


def from_go(folder: Path) -> None:
    """Build the CLI with Go. 1.5.1 is the newest that `go install` takes; later ones carry a local replace."""
    command = ["go", "install", "-ldflags", "-s -w", f"github.com/temporalio/cli/cmd/temporal@v{CLI_VERSION}"]
    env = os.environ | {"GOBIN": str(folder)}
    run_bounded(command, doing="go install of Temporal (about 3 min)", limit_s=1200, env=env)


def main() -> int:
    """Print the path of the dev server; 1 with one clear line when it cannot be had."""
    return tell(
        "Temporal's dev server",
        find_temporal,
        temporal_in_cache,
        [Way("the SDK's download", from_sdk), Way("go install", from_go)],
        "open internet, or Go 1.24+ on PATH, or put a `temporal` with server 1.29 or later on PATH",
    )


if __name__ == "__main__":
    sys.exit(main())
