"""The fit model in a folder: one file for each array, so that loading maps them, and one JSON file for the rest."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson

from algorithms.fit.design import FitDesign
from algorithms.fit.names import Levels, Names
from algorithms.fit.sides import NumberColumn, Side, Tents, WordColumn
from algorithms.fit.sizes import SizeScale
from algorithms.fit.wear import Wear
from domain.arrays import Floats

NAMES: Final = ("clients", "items", "sizes", "categories", "category_sizes", "item_sizes")
SMALL: Final = "small.json"


def save(folder: Path, design: FitDesign, weights: Floats) -> None:
    """Write the design and the weights into an existing folder."""
    arrays = {name: getattr(design.names, name).names for name in NAMES}
    arrays |= {"weights": weights, "tries": design.tries}
    arrays |= {"body": design.wear.body, "worn_total": design.wear.total, "worn_count": design.wear.count}
    for name, array in arrays.items():
        np.save(folder / f"{name}.npy", array)
    small = {
        "scale": [[*key, *steps] for key, steps in design.wear.scale.steps.items()],
        "sides": [_dump_side(side) for side in design.sides],
        "offset": design.wear.tents.knots,
        "tried": design.tries_tents.knots,
    }
    (folder / SMALL).write_bytes(orjson.dumps(small))


def load(folder: Path) -> tuple[FitDesign, Floats]:
    """Read what `save` wrote. Raises OSError, ValueError or KeyError for anything else."""
    small = orjson.loads((folder / SMALL).read_bytes())
    scale = SizeScale({(kind, system): (tuple(at), tuple(position)) for kind, system, at, position in small["scale"]})
    totals = (_load_array(folder, "worn_total"), _load_array(folder, "worn_count"))
    wear = Wear(scale, _load_array(folder, "body"), *totals, Tents(tuple(small["offset"])))
    names = Names(*(Levels(_load_array(folder, name)) for name in NAMES))
    sides = tuple(_load_side(state) for state in small["sides"])
    design = FitDesign(names, sides, wear, _load_array(folder, "tries"), Tents(tuple(small["tried"])))
    return design, _load_array(folder, "weights")


def _load_array(folder: Path, name: str) -> Any:
    return np.load(folder / f"{name}.npy", mmap_mode="r")


def _dump_side(side: Side) -> dict[str, Any]:
    if isinstance(side, WordColumn):
        return {"name": side.name, "levels": side.levels}
    return {"name": side.name, "knots": side.tents.knots, "usual": side.usual}


def _load_side(state: dict[str, Any]) -> Side:
    if "levels" in state:
        return WordColumn(state["name"], tuple(state["levels"]))
    return NumberColumn(state["name"], Tents(tuple(state["knots"])), state["usual"])
