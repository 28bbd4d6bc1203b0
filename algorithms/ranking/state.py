"""The state of an algorithm in a folder; arrays are mapped from disk when they are read again."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson

from algorithms.ranking.data import State

PARTS: Final = ("data", "indices", "indptr")


def save(folder: Path, state: State) -> None:
    """Save the state into an existing empty folder."""
    plain: dict[str, Any] = {}
    for name, value in state.items():
        if isinstance(value, np.ndarray):
            np.save(folder / f"{name}.npy", value)
        elif hasattr(value, "indptr"):
            for part in PARTS:
                np.save(folder / f"{name}.{part}.npy", getattr(value, part))
            plain[name] = {"shape": list(value.shape)}
        else:
            plain[name] = {"value": value}
    (folder / "state.json").write_bytes(orjson.dumps(plain))


def load(folder: Path) -> State:
    """Load the state. Raises OSError when the folder does not hold what `save` wrote."""
    from scipy import sparse  # noqa: PLC0415

    state: State = {}
    for name, entry in orjson.loads((folder / "state.json").read_bytes()).items():
        if "shape" in entry:
            parts = tuple(_map_array(folder / f"{name}.{part}.npy") for part in PARTS)
            state[name] = sparse.csr_matrix(parts, entry["shape"], copy=False)
        else:
            state[name] = entry["value"]
    for path in folder.glob("*.npy"):
        if "." not in path.stem:
            state[path.stem] = _map_array(path)
    return state


def _map_array(path: Path) -> Any:
    return np.load(path, mmap_mode="r")
