"""The secrets in use: made once, and kept in a file that only its owner can read."""

from __future__ import annotations

import json
import secrets
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Final

from errors import ConfigError

_WHY: Final = "with new keys, opt-outs and erased ids are not recognised"


class Keys:
    """The secrets in use. It has no useful repr, so that it cannot be logged by accident."""

    __slots__ = ("api", "signing")

    def __init__(self, api: str, signing: str) -> None:
        self.api, self.signing = api, signing


def load_or_make_keys(path: Path) -> dict[str, str]:
    """Load the keys from `path`, made there on first use; two processes that start together agree on one file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        new_keys = {"api": secrets.token_urlsafe(24), "signing": secrets.token_urlsafe(32)}
        with NamedTemporaryFile("w", dir=path.parent, delete=False) as file:  # made readable by its owner alone
            json.dump(new_keys, file)
        with suppress(FileExistsError):
            path.hardlink_to(file.name)
        Path(file.name).unlink()
    try:
        stored = json.loads(path.read_text())
        found = {name: stored[name] for name in ("api", "signing")}
    except (OSError, ValueError, KeyError, TypeError) as broken:
        raise ConfigError(f"{path}: not readable as keys; put it back from a backup: {_WHY}") from broken
    for name, key in found.items():
        if not isinstance(key, str) or not key.strip():
            raise ConfigError(f"{path}: the key {name!r} is empty; put it back from a backup: {_WHY}")
    return found
