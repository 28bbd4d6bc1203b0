"""What training made, put into its folder and its row: common to all that is learnt."""

from __future__ import annotations

import os
import shutil
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Final

import orjson
from sqlalchemy import Engine

from store.database import write_transaction
from store.learning import artefacts
from store.learning.artefacts import Artefact

ABANDONED_S: Final = 86_400.0
"""Real seconds after which nobody fills a folder any more."""


def new_id(algorithm: str) -> str:
    """An id for what `algorithm` is about to make."""
    return f"{algorithm}-{uuid.uuid4().hex[:12]}"


def keep(engine: Engine, home: Path, made: Artefact, save: Callable[[Path], None]) -> None:
    """Let `save` fill the artefact's folder and, once it is whole, add its row."""
    folder = home / made.path
    unfinished = folder.with_name(f".{folder.name}.{os.getpid()}")  # moved into its place, so that nobody finds half
    unfinished.mkdir(parents=True)
    try:
        save(unfinished)
        (unfinished / "artefact.json").write_bytes(orjson.dumps(made.model_dump(mode="json")))
        unfinished.rename(folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    with write_transaction(engine) as connection:
        artefacts.add(connection, made)


def sweep(home: Path) -> None:
    """Take away the unfinished folders of those who died over them."""
    for folder in (home / "artefacts").glob(".*"):
        if time.time() - folder.stat().st_mtime > ABANDONED_S:
            shutil.rmtree(folder, ignore_errors=True)
