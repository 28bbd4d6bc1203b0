"""Save a trained model into its folder and its row, the same way for every slot."""

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
"""Real seconds after which an unfinished folder counts as abandoned."""


def build_artefact_id(algorithm: str) -> str:
    """Build a new id for a model of `algorithm`."""
    return f"{algorithm}-{uuid.uuid4().hex[:12]}"


def save_artefact(engine: Engine, home: Path, artefact: Artefact, save: Callable[[Path], None]) -> None:
    """Let `save` fill the artefact's folder and, once it is whole, add its row."""
    folder = home / artefact.path
    unfinished = folder.with_name(f".{folder.name}.{os.getpid()}")  # moved into its place, so that nobody finds half
    unfinished.mkdir(parents=True)
    try:
        save(unfinished)
        (unfinished / "artefact.json").write_bytes(orjson.dumps(artefact.model_dump(mode="json")))
        unfinished.rename(folder)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    with write_transaction(engine) as connection:
        artefacts.add_artefact(connection, artefact)


def remove_abandoned_folders(home: Path) -> None:
    """Remove the unfinished folders of processes that died."""
    for folder in (home / "artefacts").glob(".*"):
        if time.time() - folder.stat().st_mtime > ABANDONED_S:
            shutil.rmtree(folder, ignore_errors=True)
