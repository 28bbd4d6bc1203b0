"""Find the two Temporal servers on this machine; `make setup` downloads them.

The dev server (real, with the UI) and the time-skipping test server are taken from PATH, else from the
user's cache folder, so that a second clone on the same machine finds them at once.
"""

from __future__ import annotations

import re
import secrets
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


def build_temporal_path(cache: Path) -> Path:
    """Build the path of the dev server under the cache folder, there or not."""
    return cache / f"temporal-cli-{CLI_VERSION}" / "temporal"


def build_time_skipping_path(cache: Path) -> Path:
    """Build the path of the time-skipping server under the cache folder, there or not."""
    return cache / f"temporal-test-server-{TEST_SERVER_VERSION}" / "temporal-test-server"


def read_server_version(binary: Path) -> tuple[int, ...] | None:
    """Read the server version inside a `temporal` binary, as (1, 29, 1); None when it does not say."""
    try:
        output = subprocess.run(  # noqa: S603 - a fixed argument list; the binary is the one asked about
            [str(binary), "--version"], capture_output=True, text=True, timeout=20, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    match = re.search(r"Server (\d+)\.(\d+)\.(\d+)", output)
    return tuple(int(part) for part in match.groups()) if match else None


def is_new_enough(binary: Path) -> bool:
    """Return whether this `temporal` brings a server that we have measured, or a later one."""
    version = read_server_version(binary)
    return version is not None and version >= OLDEST_SERVER


def find_temporal(cache: Path, path: str | None = None) -> Path | None:
    """Find the dev server: on `path` (PATH when None) if new enough, else in the cache; None when nowhere."""
    return _find("temporal", build_temporal_path(cache), is_new_enough, path)


def find_time_skipping(cache: Path, path: str | None = None) -> Path | None:
    """Find the time-skipping server: on `path` (PATH when None), else in the cache; None when nowhere."""
    return _find("temporal-test-server", build_time_skipping_path(cache), lambda _: True, path)


def require_temporal() -> Path:
    """Return the dev server of this machine. Raises ConfigError when there is none yet."""
    return _require(find_temporal(_find_user_cache()), "Temporal's dev server")


def require_time_skipping() -> Path:
    """Return the time-skipping server of this machine. Raises ConfigError when there is none yet."""
    return _require(find_time_skipping(_find_user_cache()), "Temporal's time-skipping test server")


def build_dev_server_command(
    binary: Path, database: Path, *, port: int, ui_port: int, http_port: int = 0, metrics_port: int = 0
) -> list[str]:
    """Build the command that starts a dev server on 127.0.0.1 which keeps everything in the file `database`.

    WAL triples what a plain file takes. A port of 0 leaves the choice to the server. Its HTTP API cannot be switched
    off: it answers a name that nobody knows, so that no web page can send signals or end workflows through it.
    """
    nobody = f"{secrets.token_hex(16)}.invalid"
    ports = {"http-port": http_port, "metrics-port": metrics_port}
    return [
        *[str(binary), "server", "start-dev", "--ip=127.0.0.1", "--log-level=error"],
        *[f"--port={port}", f"--ui-port={ui_port}", f"--db-filename={database}"],
        *["--sqlite-pragma=journal_mode=WAL", "--sqlite-pragma=synchronous=NORMAL"],
        *[f"--{name}={value}" for name, value in ports.items() if value],
        f'--dynamic-config-value=frontend.httpAllowedHosts=["{nobody}"]',
        *[f"--search-attribute={name}={kind}" for name, kind in SEARCH_ATTRIBUTES.items()],
    ]


def _find(name: str, cached: Path, accept: Callable[[Path], bool], path: str | None) -> Path | None:
    on_path = shutil.which(name, path=path)
    if on_path and accept(Path(on_path)):
        return Path(on_path)
    return Path(cached) if shutil.which(str(cached)) else None


def _require(binary: Path | None, what: str) -> Path:
    if binary is None:
        raise ConfigError(f"{what} is not on this machine yet: run `make setup`")
    return binary


def _find_user_cache() -> Path:
    from settings import find_user_cache  # noqa: PLC0415 - the settings cost 0.3 s that most callers have paid

    return find_user_cache()
