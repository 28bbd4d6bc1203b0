"""Load the words in which notes are read: the product's own files, one a language, the shop's, and the catalogue's."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import lru_cache
from importlib import resources
from pathlib import Path
from typing import Any

from domain.fixes.reading import languages
from domain.fixes.reading.reader import NoteWords
from domain.fixes.reading.vocabulary import add_catalogue, build_language, extend_language
from errors import ConfigError


@lru_cache(maxsize=8)
def load_vocabulary(
    folder: Path | None = None, categories: tuple[str, ...] = (), brands: tuple[str, ...] = ()
) -> NoteWords:
    """Load the vocabulary of all languages.

    `folder`: the shop's own files, named and written like ours: they extend a language, or add one. Raises ConfigError
    for a file that cannot be read.
    """
    own = _load_files(folder) if folder is not None else {}
    loaded = []
    for name, data in (_load_built_in() | {name: data for name, data in own.items() if "language" in data}).items():
        language = build_language(data)
        if name in own and own[name] is not data:
            extend_language(language, own[name])
        add_catalogue(language, categories, brands)
        loaded.append(language)
    return NoteWords(tuple(loaded))


def _load_built_in() -> dict[str, Mapping[str, Any]]:
    files = (entry for entry in resources.files(languages).iterdir() if entry.name.endswith(".toml"))
    return {file.name: tomllib.loads(file.read_text(encoding="utf-8")) for file in sorted(files, key=lambda f: f.name)}


def _load_files(folder: Path) -> dict[str, Mapping[str, Any]]:
    try:
        return {path.name: tomllib.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.toml"))}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise ConfigError(f"SELVEDGE_NOTE_WORDS: {folder}: {fault}") from None
