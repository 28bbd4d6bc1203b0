"""Signals of each item by itself: popularity at several half-lives, overall and in each context, age and silence."""

from __future__ import annotations

from typing import Final

import numpy as np

from algorithms.ranking.data import Interactions, Singles
from algorithms.ranking.popularity import FOREVER, count_faded, count_faded_by_context
from domain.arrays import Floats
from domain.engagement import DAY

HALF_LIVES: Final = (7.0, 30.0, 90.0, FOREVER)
IN_CONTEXT: Final = (30.0, 90.0, FOREVER)
PRIOR: Final = 20.0
"""Interactions, spread as everybody's, that are added to those in a context."""
SMOOTHING: Final = 50.0
"""Interactions that are added to the counts at each half-life, spread as at the next longer one."""
RARE: Final = 0.05
"""Share of an average item's interactions that is added before logs are taken."""


def compute_item_signals(interactions: Interactions) -> dict[str, Singles]:
    """Compute the signals by name, each of shape (contexts + 1, n); the last row is that of no context."""
    n, rows = len(interactions.items), len(interactions.contexts) + 1
    total = _count_smoothly(interactions)
    signals: dict[str, Floats] = {f"all {half_life:g}": _log_share(total[half_life]) for half_life in HALF_LIVES}
    if interactions.contexts:
        for half_life in IN_CONTEXT:
            prior = PRIOR * total[half_life] / max(float(total[half_life].sum()), 1e-12)
            inside = _log_share(count_faded_by_context(interactions, half_life) + prior)
            signals[f"context {half_life:g}"] = np.vstack([inside, _log_share(total[half_life])])
    first, last = np.full(n, np.inf), np.full(n, -np.inf)
    np.minimum.at(first, interactions.item, interactions.at)
    np.maximum.at(last, interactions.item, interactions.at)
    signals["age"] = np.log1p((interactions.now - np.where(interactions.seen, first, interactions.now)) / DAY)
    signals["silence"] = np.log1p((interactions.now - np.where(interactions.seen, last, interactions.now)) / DAY)
    signals["new"] = (~interactions.seen).astype(np.float64)
    return {name: np.broadcast_to(value, (rows, n)).astype(np.float32) for name, value in signals.items()}


def _count_smoothly(interactions: Interactions) -> dict[float, Floats]:
    """Count at each half-life; what a small shop sold this week says little without SMOOTHING."""
    total = {FOREVER: count_faded(interactions, FOREVER)}
    longer = total[FOREVER]
    for half_life in sorted(HALF_LIVES[:-1], reverse=True):
        prior = SMOOTHING * longer / max(float(longer.sum()), 1e-12)
        longer = total[half_life] = count_faded(interactions, half_life) + prior
    return total


def default_signal(name: str) -> float:
    """Return the signal `name` of an item that nobody took."""
    return {"age": 0.0, "silence": 0.0, "new": 1.0}.get(name, float(np.log(RARE)))


def _log_share(counts: Floats) -> Floats:
    """Compute the log of counts over those of an average item, by row."""
    total = np.maximum(counts.sum(axis=-1, keepdims=True), 1e-12)
    return np.asarray(np.log(counts / total * counts.shape[-1] + RARE))
