"""Erase a client's name from trained artefacts: the figures stay, and nobody can be found by them.

Artefacts keep names of clients in files or folders whose name begins with `clients` (sorted arrays of ids), or in JSON
under the key `clients`; a test checks this for all that is built in.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from models.base import ClientId

CLIENTS: Final = "clients"
WRITTEN_S: Final = 60.0
"""Real seconds after its last change from which on nobody is still writing a file."""


def erase_client(folder: Path, client_id: ClientId) -> int:
    """Erase a client's name from every artefact below `folder`; return how many files that changed.

    A new file replaces the old one: a process that has mapped the old one goes on with it until it loads anew. A
    truncated file, as a kill leaves it, is read by nobody, and is deleted if it holds the name. Raises ValueError while
    somebody may still be writing it.
    """
    return sum(_rewrite(_rewrite_array, path, client_id) for path in _find_name_files(folder)) + sum(
        _rewrite(_rewrite_json, path, client_id) for path in folder.rglob("*.json") if path.name != "artefact.json"
    )


def _rewrite(rewrite: Callable[[Path, ClientId], bool], path: Path, client_id: ClientId) -> bool:
    try:
        return rewrite(path, client_id)
    except (ValueError, EOFError):
        if time.time() - path.stat().st_mtime < WRITTEN_S:
            raise
    content = path.read_bytes()
    contains_name = client_id.encode() in content or client_id.encode("utf-32-le") in content
    if contains_name:
        path.unlink()
    return contains_name


def _find_name_files(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*.npy"):
        if any(part.startswith(CLIENTS) for part in path.relative_to(folder).parts):
            yield path


def _rewrite_array(path: Path, client_id: ClientId) -> bool:
    names = np.load(path, mmap_mode="r")
    if names.dtype.kind not in "SU" or names.ndim != 1:
        return False
    position = np.flatnonzero(names == (client_id.encode() if names.dtype.kind == "S" else client_id))
    if not len(position):
        return False
    _replace(path, blank_name(names, int(position[0])))
    return True


def blank_name(names: NDArray[Any], position: int) -> NDArray[Any]:
    """Replace one of the sorted names by the one before it, which is still found first; they stay sorted."""
    blanked = np.array(names)
    blanked[position] = blanked[position - 1] if position else blanked.dtype.type()
    return blanked


def _replace(path: Path, names: NDArray[Any]) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with fresh.open("wb") as file:
        np.save(file, names)
    fresh.replace(path)


def _rewrite_json(path: Path, client_id: ClientId) -> bool:
    document = orjson.loads(path.read_bytes())
    clients = document.get(CLIENTS) if isinstance(document, dict) else None
    if not clients or client_id not in clients:
        return False
    if isinstance(clients, dict):
        document[CLIENTS] = {name: value for name, value in clients.items() if name != client_id}
    else:
        document[CLIENTS] = ["" if name == client_id else name for name in clients]
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_bytes(orjson.dumps(document))
    fresh.replace(path)
    return True
