"""Weights of signals by conditional logit: which of a target's candidates was taken (McFadden 1974). They are held to
weights known to work, so that little evidence moves them little."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from algorithms.ranking.data import Singles
from domain.arrays import Flags, Floats, Ints

HOLD: Final = 0.05
"""Ridge towards the starting weights for each target, in units of a signal's spread. What one season shows must serve
the next, so more targets do not loosen it."""
LEAST: Final = 20.0
"""The ridge counts at least as for this many targets over HOLD."""
NARROW: Final = 0.5
"""Signals have a spread of about 1. One that says nothing yet must not get a huge weight for when it does."""
SWEEPS: Final = 60
DEPTH: Final = 10
"""Length of the lists by which weights are judged."""


@dataclass(frozen=True)
class Choices:
    """Candidates of targets, one target after the other. `signals`: (rows, f); `taken`: (rows,); `start`: the first row
    of each target; `wanted`: how many items it wanted, among the candidates or not."""

    signals: Singles
    taken: Flags
    start: Ints
    wanted: Ints

    def __len__(self) -> int:
        return len(self.start)

    @classmethod
    def concatenate(cls, parts: list[Choices]) -> Choices:
        """Concatenate the targets of all parts."""
        before = np.cumsum([0, *(len(part.taken) for part in parts)])
        return cls(
            np.concatenate([part.signals for part in parts]),
            np.concatenate([part.taken for part in parts]),
            np.concatenate([part.start + rows for part, rows in zip(parts, before, strict=False)]),
            np.concatenate([part.wanted for part in parts]),
        )


def fit_weights(choices: Choices, begin: Floats, hold: float = HOLD) -> Floats:
    """Fit the weights of the signals, shape (f,). A target counts by the square root of the number of items it took."""
    from scipy import optimize  # noqa: PLC0415

    if not len(choices):
        return begin
    start, spread = choices.start, measure_spread(choices)
    scaled = choices.signals / spread.astype(np.float32)
    counts = np.diff(np.append(start, len(choices.taken)))
    took = np.add.reduceat(choices.taken.astype(np.float64), start)
    weight = (choices.taken / np.repeat(np.sqrt(took), counts)).astype(np.float32)
    total = np.add.reduceat(weight, start)
    centre, ridge = begin * spread, hold * max(len(choices), LEAST / HOLD)

    def loss(at: Floats) -> tuple[float, Floats]:
        score = scaled @ at.astype(np.float32)
        score -= np.repeat(np.maximum.reduceat(score, start), counts)
        likely = np.exp(score)
        whole = np.add.reduceat(likely, start)
        off = at - centre
        value = float((total * np.log(whole)).sum(dtype=np.float64) - weight @ score) + ridge * off @ off
        slope = likely * np.repeat(total / whole, counts) - weight
        return float(value), np.asarray(slope @ scaled + 2 * ridge * off, np.float64)

    solution = optimize.minimize(loss, centre, jac=True, method="L-BFGS-B", options={"maxiter": SWEEPS})
    return np.asarray(solution.x / spread)


def measure_spread(choices: Choices) -> Floats:
    """Measure the standard deviation of each signal over the candidates, shape (f,), at least NARROW."""
    return np.asarray(np.maximum(choices.signals.std(axis=0), NARROW), np.float64)


def measure_gains(choices: Choices, weights: Floats) -> Floats:
    """Measure the NDCG of each target's best DEPTH candidates by these weights, shape (targets,)."""
    score = choices.signals @ weights.astype(np.float32)
    counts = np.diff(np.append(choices.start, len(score)))
    target = np.repeat(np.arange(len(choices)), counts)
    order = np.lexsort((-score, target))
    rank = np.arange(len(score)) - choices.start[target]
    worth = np.where(rank < DEPTH, 1.0 / np.log2(rank + 2.0), 0.0) * choices.taken[order]
    ideal = np.cumsum(1.0 / np.log2(np.arange(DEPTH) + 2.0))
    return np.asarray(np.add.reduceat(worth, choices.start) / ideal[np.minimum(choices.wanted, DEPTH) - 1])
