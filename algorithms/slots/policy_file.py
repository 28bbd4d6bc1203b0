"""`algorithms.toml` read: a mistake is one line that names the place to mend."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from algorithms.slots.reach import Reach
from algorithms.slots.signing import key_of
from algorithms.slots.slot_table import SLOTS
from errors import ConfigError
from models.policies import AlgorithmsFile

NAME = "algorithms.toml"
LARGEST: Final = 1_000_000  # bytes


def read(path: Path) -> AlgorithmsFile:
    """What the file says; without one, nothing. Raises ConfigError."""
    return parse(text_of(path) or "")


def text_of(path: Path) -> str | None:
    """The file as it stands; None without one. Raises ConfigError, and never waits for what is no file."""
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


def parse(text: str) -> AlgorithmsFile:
    """What the text says. Raises ConfigError."""
    try:
        file = AlgorithmsFile.model_validate(tomllib.loads(text))
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_input=False)[0]
        raise ConfigError(f"{NAME}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    except (ValueError, RecursionError) as wrong:  # beside its own, of numbers too long and lists too deep
        raise ConfigError(f"{NAME}: {wrong}") from None
    _check(file)
    return file


def _check(file: AlgorithmsFile) -> None:
    known = f"there are {', '.join(SLOTS)}"
    for slot in file.slots:
        if slot not in SLOTS:
            raise ConfigError(f"{NAME}: slots.{slot}: no such slot; {known}")
    reach = Reach.of(file.remotes.hosts, file.remotes.networks)
    for name, remote in file.remote.items():
        if remote.slot not in SLOTS:
            raise ConfigError(f"{NAME}: remote.{name}.slot: no slot {remote.slot!r}; {known}")
        try:
            reach.check_url(str(remote.url))
            key_of(remote.secret.get_secret_value())
        except ConfigError as wrong:
            raise ConfigError(f"{NAME}: remote.{name}.{wrong}") from None
