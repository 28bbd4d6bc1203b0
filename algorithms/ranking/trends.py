"""What is known of each item by itself: its popularity at several half-lives, everywhere and in each context, its age
and silence."""

from __future__ import annotations

from typing import Final

import numpy as np

from algorithms.ranking.data import Log, Singles
from algorithms.ranking.popularity import FOREVER, by_context, everybody
from domain.arrays import Floats
from domain.engagement import DAY

HALF_LIVES: Final = (7.0, 30.0, 90.0, FOREVER)
IN_CONTEXT: Final = (30.0, 90.0, FOREVER)
PRIOR: Final = 20.0
"""Takings of everybody that are added to those in a context."""
RARE: Final = 0.05
"""Of an average item's takings, added before logs are taken."""


def item_signals(log: Log) -> dict[str, Singles]:
    """By name, each of shape (contexts + 1, n); the last row is that of no context."""
    n, rows = len(log.items), len(log.contexts) + 1
    total = {half_life: everybody(log, half_life) for half_life in HALF_LIVES}
    found: dict[str, Floats] = {f"all {half_life:g}": _log_share(total[half_life]) for half_life in HALF_LIVES}
    if log.contexts:
        for half_life in IN_CONTEXT:
            prior = PRIOR * total[half_life] / max(float(total[half_life].sum()), 1e-12)
            inside = _log_share(by_context(log, half_life) + prior)
            found[f"context {half_life:g}"] = np.vstack([inside, _log_share(total[half_life])])
    first, last = np.full(n, np.inf), np.full(n, -np.inf)
    np.minimum.at(first, log.item, log.at)
    np.maximum.at(last, log.item, log.at)
    found["age"] = np.log1p((log.now - np.where(log.seen, first, log.now)) / DAY)
    found["silence"] = np.log1p((log.now - np.where(log.seen, last, log.now)) / DAY)
    found["new"] = (~log.seen).astype(np.float64)
    return {name: np.broadcast_to(value, (rows, n)).astype(np.float32) for name, value in found.items()}


def untaken(name: str) -> float:
    """The signal `name` of an item that nobody took."""
    return {"age": 0.0, "silence": 0.0, "new": 1.0}.get(name, float(np.log(RARE)))


def _log_share(counts: Floats) -> Floats:
    """Log of takings over those of an average item, by row."""
    total = np.maximum(counts.sum(axis=-1, keepdims=True), 1e-12)
    return np.asarray(np.log(counts / total * counts.shape[-1] + RARE))
