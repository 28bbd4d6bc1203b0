"""Where the two Temporal servers lie on this machine. It looks; `make setup` fetches.

The dev server (real, with the UI) and the time-skipping test server are taken from PATH, else from the
user's cache folder, so that a second clone on the same machine finds them at once.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from errors import ConfigError

CLI_VERSION = "1.5.1"
TEST_SERVER_VERSION = "1.38.0"
# What was measured and what the search attributes, updates and pragmas here need.
OLDEST_SERVER = (1, 29, 0)

SEARCH_ATTRIBUTES = {
    "ClientPhase": "Keyword",
    "RiskBand": "Keyword",
    "CampaignId": "Keyword",
    "OutreachState": "Keyword",
    "FixState": "Keyword",
    "NextTouchAt": "Datetime",
    "Paused": "Bool",
}
"""Name and kind of each search attribute that our workflows set; a server must know them beforehand."""


def temporal_in_cache(cache: Path) -> Path:
    """The place of the dev server under the cache folder, there or not."""
    return cache / f"temporal-cli-{CLI_VERSION}" / "temporal"


def time_skipping_in_cache(cache: Path) -> Path:
    """The place of the time-skipping server under the cache folder, there or not."""
    return cache / f"temporal-test-server-{TEST_SERVER_VERSION}" / "temporal-test-server"


def server_version(binary: Path) -> tuple[int, ...] | None:
    """The server version inside a `temporal` binary, as (1, 29, 1); None when it does not say."""
    try:
        told = subprocess.run(  # noqa: S603 - a fixed argument list; the binary is the one asked about
            [str(binary), "--version"], capture_output=True, text=True, timeout=20, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    found = re.search(r"Server (\d+)\.(\d+)\.(\d+)", told)
    return tuple(int(part) for part in found.groups()) if found else None


def new_enough(binary: Path) -> bool:
    """Whether this `temporal` brings a server that we have measured, or a later one."""
    version = server_version(binary)
    return version is not None and version >= OLDEST_SERVER


def find_temporal(cache: Path, path: str | None = None) -> Path | None:
    """The dev server: on `path` (PATH when None) if new enough, else in the cache; None when nowhere."""
    return _find("temporal", temporal_in_cache(cache), new_enough, path)


def find_time_skipping(cache: Path, path: str | None = None) -> Path | None:
    """The time-skipping server: on `path` (PATH when None), else in the cache; None when nowhere."""
    return _find("temporal-test-server", time_skipping_in_cache(cache), lambda _: True, path)


def temporal_binary() -> Path:
    """The dev server of this machine. Raises ConfigError when there is none yet."""
    return _required(find_temporal(_user_cache()), "Temporal's dev server")


def time_skipping_binary() -> Path:
    """The time-skipping server of this machine. Raises ConfigError when there is none yet."""
    return _required(find_time_skipping(_user_cache()), "Temporal's time-skipping test server")


def dev_server_command(
    binary: Path, database: Path, *, port: int, ui_port: int, http_port: int = 0, metrics_port: int = 0
) -> list[str]:
    """The command that starts a dev server on 127.0.0.1 which keeps everything in the file `database`.

    WAL triples what a plain file takes. A port of 0 leaves the choice to the server.
    """
    chosen = {"http-port": http_port, "metrics-port": metrics_port}
    return [
        *[str(binary), "server", "start-dev", "--ip=127.0.0.1", "--log-level=error"],
        *[f"--port={port}", f"--ui-port={ui_port}", f"--db-filename={database}"],
        *["--sqlite-pragma=journal_mode=WAL", "--sqlite-pragma=synchronous=NORMAL"],
        *[f"--{name}={value}" for name, value in chosen.items() if value],
        *[f"--search-attribute={name}={kind}" for name, kind in SEARCH_ATTRIBUTES.items()],
    ]


def _find(name: str, cached: Path, accept: Callable[[Path], bool], path: str | None) -> Path | None:
    on_path = shutil.which(name, path=path)
    if on_path and accept(Path(on_path)):
        return Path(on_path)
    return Path(cached) if shutil.which(str(cached)) else None


def _required(found: Path | None, what: str) -> Path:
    if found is None:
        raise ConfigError(f"{what} is not on this machine yet: run `make setup`")
    return found


def _user_cache() -> Path:
    from settings import user_cache  # noqa: PLC0415 - the settings cost 0.3 s that most callers have paid

    return user_cache()
