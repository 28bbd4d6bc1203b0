"""The secrets in use: made once, and kept in a file that only its owner can read."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Sequence
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


PAYLOAD_KEYS: Final = "payload-keys.json"
_LOST: Final = "without it nothing that Temporal keeps can be read"


class PayloadKey:
    """One key for what Temporal keeps. It has no useful repr, so that it cannot be logged by accident."""

    __slots__ = ("id", "secret")

    def __init__(self, id: str, secret: bytes) -> None:
        self.id, self.secret = id, secret


def find_payload_keys(home: Path, given: Path | None) -> Path | None:
    """Find the file of the payload keys: the given one, else the one under `home` where there is one."""
    return given or (path if (path := home / PAYLOAD_KEYS).exists() else None)


def load_payload_keys(path: Path) -> list[PayloadKey]:
    """Load the payload keys; the first writes, all read. Raises ConfigError where there is none, or one is broken."""
    try:
        stored = json.loads(path.read_text())["keys"]
        keys = [PayloadKey(str(one["id"]), base64.b64decode(one["key"], validate=True)) for one in stored]
    except (OSError, ValueError, KeyError, TypeError) as broken:
        raise ConfigError(f"{path}: not readable as payload keys; put it back from a backup: {_LOST}") from broken
    if not keys or len({key.id for key in keys}) < len(keys) or any(len(key.secret) != 32 for key in keys):
        raise ConfigError(f"{path}: needs keys of 32 bytes with ids of their own; put it back from a backup: {_LOST}")
    return keys


def save_payload_keys(path: Path, keys: Sequence[PayloadKey]) -> None:
    """Save the payload keys, whole or not at all, readable by their owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    stored = {"keys": [{"id": key.id, "key": base64.b64encode(key.secret).decode()} for key in keys]}
    with NamedTemporaryFile("w", dir=path.parent, delete=False) as file:
        json.dump(stored, file, indent=1)
    Path(file.name).replace(path)


def make_payload_key() -> PayloadKey:
    """Make a payload key under an id by chance."""
    return PayloadKey(secrets.token_hex(4), secrets.token_bytes(32))
