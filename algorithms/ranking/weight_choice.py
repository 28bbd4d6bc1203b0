"""The weights that serve: a stack, held more or less to the starting weights, or one part alone, whichever gives the
better lists on the shop's own past (NDCG)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from algorithms.ranking.stacking import HOLD, Choices, fit_weights, measure_gains
from domain.arrays import Floats, Ints

HOLDS: Final = (HOLD, 0.005, 0.0005)
"""Tried in this order; the first is the one that is kept without evidence."""
FEWEST: Final = 40
"""With fewer targets nothing is chosen: the first of HOLDS serves."""
BEYOND: Final = 0.5
"""Standard errors by which another hold must be better than the first."""
ALONE_BEYOND: Final = 2.0
"""Standard errors by which a part alone must be better than the stack: the best of many looks better than it is."""


def choose_weights(folds: Sequence[Choices], begin: Floats, alone: Sequence[Floats]) -> Floats:
    """Choose weights, shape (f,), by what each choice learnt from the other folds gives on each.

    Args:
        folds: what targets chose in windows of the past; an empty fold is passed over.
        begin: weights before any evidence.
        alone: weights of parts that may serve by themselves.
    """
    folds = [fold for fold in folds if len(fold)]
    if not folds:
        return begin
    everything = Choices.concatenate([*folds])
    if len(everything) < FEWEST:
        return fit_weights(everything, begin)
    parts = folds if len(folds) > 1 else [_select(everything, slice(half, None, 2)) for half in (0, 1)]
    holds = [_measure_hold(parts, begin, hold) for hold in HOLDS]
    best = _choose_best(holds, holds[0], BEYOND)
    gains = [np.concatenate([measure_gains(part, weights) for part in parts]) for weights in alone]
    part = _choose_best([holds[best], *gains], holds[best], ALONE_BEYOND)
    return alone[part - 1] if part else fit_weights(everything, begin, HOLDS[best])


def _measure_hold(parts: Sequence[Choices], begin: Floats, hold: float) -> Floats:
    gains = []
    for index, part in enumerate(parts):
        others = Choices.concatenate([other for place, other in enumerate(parts) if place != index])
        gains.append(measure_gains(part, fit_weights(others, begin, hold)))
    return np.concatenate(gains)


def _choose_best(gains: Sequence[Floats], standing: Floats, beyond: float) -> int:
    """Choose the best on average, or the first where it is not better than `standing` by that many standard errors."""
    best = int(np.argmax([gain.mean() for gain in gains]))
    difference = gains[best] - standing
    return best if difference.mean() > beyond * difference.std() / np.sqrt(len(difference)) else 0


def _select(choices: Choices, targets: slice) -> Choices:
    ends = np.append(choices.start[1:], len(choices.taken))
    rows: list[Ints] = [np.arange(begin, end) for begin, end in zip(choices.start[targets], ends[targets], strict=True)]
    lengths = np.cumsum([0, *(len(part) for part in rows)])
    row = np.concatenate(rows)
    return Choices(choices.signals[row], choices.taken[row], lengths[:-1], choices.wanted[targets])
