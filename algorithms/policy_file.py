"""`algorithms.toml` read: a mistake is one line that names the place to mend."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import ValidationError

from algorithms.reach import Reach
from algorithms.signing import key_of
from algorithms.slot_table import SLOTS
from errors import ConfigError
from models.policies import AlgorithmsFile

NAME = "algorithms.toml"


def read(path: Path) -> AlgorithmsFile:
    """What the file says; without one, nothing. Raises ConfigError."""
    try:
        text = path.read_text()
    except FileNotFoundError:
        return AlgorithmsFile()
    except (OSError, UnicodeDecodeError) as wrong:
        raise ConfigError(f"{path.name}: cannot be read ({type(wrong).__name__})") from None
    return parse(text)


def parse(text: str) -> AlgorithmsFile:
    """What the text says. Raises ConfigError."""
    try:
        file = AlgorithmsFile.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as wrong:
        raise ConfigError(f"{NAME}: {wrong}") from None
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_input=False)[0]
        raise ConfigError(f"{NAME}: {'.'.join(map(str, first['loc']))}: {first['msg']}") from None
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
