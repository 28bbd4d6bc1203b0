"""The seed by which a test of faults draws its moments: that of `pytest --seed`, else one by chance. It is printed."""

from __future__ import annotations

import random

_run: dict[str, int | None] = {"seed": None}


def set_seed(seed: int | None) -> None:
    """Set the seed of this run; None leaves each to chance."""
    _run["seed"] = seed


def is_seed_given() -> bool:
    """Whether this run goes by a seed that somebody gave."""
    return _run["seed"] is not None


def draw_seed() -> int:
    """The seed to go by."""
    given = _run["seed"]
    seed = random.randrange(2**32) if given is None else given
    print(f"seed {seed}")
    return seed
