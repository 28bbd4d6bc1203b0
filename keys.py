"""The secrets in use: made once, and kept in a file that only its owner can read."""

from __future__ import annotations

import json
import secrets
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile

from errors import ConfigError


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
        stored: dict[str, str] = json.loads(path.read_text())
        return {"api": stored["api"], "signing": stored["signing"]}
    except (ValueError, KeyError) as broken:
        raise ConfigError(f"{path} is not readable as keys; delete it and new ones are made") from broken
