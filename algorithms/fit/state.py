"""A model in a folder: one file an array, so that loading maps them, and one of JSON for what is small."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson

from algorithms.fit.design import Design
from algorithms.fit.names import Levels, Names
from algorithms.fit.sides import Numbers, Side, Tents, Words
from algorithms.fit.sizes import Scale
from algorithms.fit.wear import Wear
from domain.arrays import Floats

NAMES: Final = ("clients", "items", "sizes", "categories", "category_sizes", "item_sizes")
SMALL: Final = "small.json"


def save(folder: Path, design: Design, weights: Floats) -> None:
    """Write both into a folder that is there."""
    arrays = {name: getattr(design.names, name).names for name in NAMES}
    arrays |= {"weights": weights, "tries": design.tries}
    arrays |= {"body": design.wear.body, "worn_total": design.wear.total, "worn_count": design.wear.count}
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    small = {
        "scale": [[*key, *steps] for key, steps in design.wear.scale.steps.items()],
        "sides": [_told(side) for side in design.sides],
        "offset": design.wear.tents.knots,
        "tried": design.tries_tents.knots,
    }
    (folder / SMALL).write_bytes(orjson.dumps(small))


def load(folder: Path) -> tuple[Design, Floats]:
    """What `save` wrote. Raises OSError, ValueError or KeyError for anything else."""
    small = orjson.loads((folder / SMALL).read_bytes())
    scale = Scale({(kind, system): (tuple(at), tuple(place)) for kind, system, at, place in small["scale"]})
    totals = (_array(folder, "worn_total"), _array(folder, "worn_count"))
    wear = Wear(scale, _array(folder, "body"), *totals, Tents(tuple(small["offset"])))
    names = Names(*(Levels(_array(folder, name)) for name in NAMES))
    sides = tuple(_side(told) for told in small["sides"])
    design = Design(names, sides, wear, _array(folder, "tries"), Tents(tuple(small["tried"])))
    return design, _array(folder, "weights")


def _array(folder: Path, name: str) -> Any:
    return np.load(folder / f"{name}.npy", mmap_mode="r")


def _told(side: Side) -> dict[str, Any]:
    if isinstance(side, Words):
        return {"name": side.name, "levels": side.levels}
    return {"name": side.name, "knots": side.tents.knots, "usual": side.usual}


def _side(told: dict[str, Any]) -> Side:
    if "levels" in told:
        return Words(told["name"], tuple(told["levels"]))
    return Numbers(told["name"], Tents(tuple(told["knots"])), told["usual"])
