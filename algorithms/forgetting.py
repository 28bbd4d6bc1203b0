"""Taking a client's name out of what was learnt: the figures stay, and nobody can be found by them.

Whatever is saved keeps names of clients in files or folders whose name begins with `clients` (sorted arrays of ids), or
in JSON under the key `clients`; a test holds that for all that is built in.
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
"""Real seconds after which nobody is writing a file any more that was not touched since."""


def unname(folder: Path, client_id: ClientId) -> int:
    """Take a client's name out of every artefact below `folder`; how many files that changed.

    A file is moved into the place of the one before it: whoever has mapped that goes on with it until it loads anew.
    One that is cut short, as by a kill, is read by nobody, and goes if it holds the name. Raises ValueError while it
    may be that somebody is writing it.
    """
    return sum(_whole(_array, path, client_id) for path in _named(folder)) + sum(
        _whole(_json, path, client_id) for path in folder.rglob("*.json") if path.name != "artefact.json"
    )


def _whole(unnamed: Callable[[Path, ClientId], bool], path: Path, client_id: ClientId) -> bool:
    try:
        return unnamed(path, client_id)
    except (ValueError, EOFError):
        if time.time() - path.stat().st_mtime < WRITTEN_S:
            raise
    left = path.read_bytes()
    named = client_id.encode() in left or client_id.encode("utf-32-le") in left
    if named:
        path.unlink()
    return named


def _named(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*.npy"):
        if any(part.startswith(CLIENTS) for part in path.relative_to(folder).parts):
            yield path


def _array(path: Path, client_id: ClientId) -> bool:
    names = np.load(path, mmap_mode="r")
    if names.dtype.kind not in "SU" or names.ndim != 1:
        return False
    place = np.flatnonzero(names == (client_id.encode() if names.dtype.kind == "S" else client_id))
    if not len(place):
        return False
    _replace(path, without(names, int(place[0])))
    return True


def without(names: NDArray[Any], place: int) -> NDArray[Any]:
    """Sorted names, of which one is called as the one before it, which is still found first; they stay sorted."""
    kept = np.array(names)
    kept[place] = kept[place - 1] if place else kept.dtype.type()
    return kept


def _replace(path: Path, names: NDArray[Any]) -> None:
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with fresh.open("wb") as file:
        np.save(file, names)
    fresh.replace(path)


def _json(path: Path, client_id: ClientId) -> bool:
    told = orjson.loads(path.read_bytes())
    clients = told.get(CLIENTS) if isinstance(told, dict) else None
    if not clients or client_id not in clients:
        return False
    if isinstance(clients, dict):
        told[CLIENTS] = {name: value for name, value in clients.items() if name != client_id}
    else:
        told[CLIENTS] = ["" if name == client_id else name for name in clients]
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.write_bytes(orjson.dumps(told))
    fresh.replace(path)
    return True
