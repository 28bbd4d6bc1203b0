"""What an algorithm learnt, in a folder: arrays that are mapped from disk when they are read again."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson

from algorithms.ranking.data import State

PARTS: Final = ("data", "indices", "indptr")


def save(folder: Path, state: State) -> None:
    """Into an existing empty folder."""
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
    """Raises OSError when the folder does not hold what `save` wrote."""
    from scipy import sparse  # noqa: PLC0415

    found: State = {}
    for name, about in orjson.loads((folder / "state.json").read_bytes()).items():
        if "shape" in about:
            parts = tuple(_mapped(folder / f"{name}.{part}.npy") for part in PARTS)
            found[name] = sparse.csr_matrix(parts, about["shape"], copy=False)
        else:
            found[name] = about["value"]
    for path in folder.glob("*.npy"):
        if "." not in path.stem:
            found[path.stem] = _mapped(path)
    return found


def _mapped(path: Path) -> Any:
    return np.load(path, mmap_mode="r")
