"""The reader of `algorithms.toml`: a mistake becomes one line that names the place to correct."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from algorithms.slots.signing import parse_key
from algorithms.slots.slot_table import SLOTS
from errors import ConfigError
from models.slot_policies import AlgorithmsFile
from network.allowlist import NetworkAllowlist

NAME = "algorithms.toml"
LARGEST: Final = 1_000_000  # bytes


def read_file(path: Path) -> AlgorithmsFile:
    """Read the policy file; a missing file gives an empty policy. Raises ConfigError."""
    return parse_file(read_text(path) or "")


def read_text(path: Path) -> str | None:
    """Read the file's text; None without a file. Raises ConfigError, also for a pipe, which is never waited for."""
    try:
        if path.exists() and not path.is_file():
            raise ConfigError(f"{path.name}: is no file")
        with path.open("rb") as opened:
            raw = opened.read(LARGEST + 1)
        if len(raw) > LARGEST:
            raise ConfigError(f"{path.name}: is over {LARGEST:,} bytes")
        return raw.decode()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as wrong:
        raise ConfigError(f"{path.name}: cannot be read ({type(wrong).__name__})") from None


def parse_file(text: str) -> AlgorithmsFile:
    """Parse the text of a policy file. Raises ConfigError."""
    try:
        file = AlgorithmsFile.model_validate(tomllib.loads(text))
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_input=False)[0]
        raise ConfigError(f"{NAME}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    except (ValueError, RecursionError) as wrong:  # beside its own, of numbers too long and lists too deep
        raise ConfigError(f"{NAME}: {wrong}") from None
    _check_names(file)
    return file


def _check_names(file: AlgorithmsFile) -> None:
    known = f"there are {', '.join(SLOTS)}"
    for slot in file.slots:
        if slot not in SLOTS:
            raise ConfigError(f"{NAME}: slots.{slot}: no such slot; {known}")
    reach = NetworkAllowlist.parse(file.remotes.hosts, file.remotes.networks)
    for name, remote in file.remote.items():
        if remote.slot not in SLOTS:
            raise ConfigError(f"{NAME}: remote.{name}.slot: no slot {remote.slot!r}; {known}")
        try:
            reach.check_url(str(remote.url))
            parse_key(remote.secret.get_secret_value())
        except ConfigError as wrong:
            raise ConfigError(f"{NAME}: remote.{name}.{wrong}") from None
