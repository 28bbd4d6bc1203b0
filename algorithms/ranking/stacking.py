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
the next, so more targets do not loosen it (measured: docs/ranking.md)."""
LEAST: Final = 20.0
"""The ridge counts at least as for this many targets over HOLD."""
SWEEPS: Final = 200


@dataclass(frozen=True)
class Choices:
    """Candidates of targets, one target after the other. `signals`: (rows, f); `taken`: (rows,); `start`: the first row
    of each target."""

    signals: Singles
    taken: Flags
    start: Ints

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
        )


def fit_weights(choices: Choices, begin: Floats) -> Floats:
    """Fit the weights of the signals, shape (f,). A target counts by the square root of the number of items it took."""
    from scipy import optimize  # noqa: PLC0415

    if not len(choices):
        return begin
    start, spread = choices.start, choices.signals.std(axis=0).astype(np.float64) + 1e-6
    scaled = (choices.signals / spread).astype(np.float32)
    counts = np.diff(np.append(start, len(choices.taken)))
    took = np.add.reduceat(choices.taken.astype(np.float64), start)
    weight = choices.taken / np.repeat(np.sqrt(took), counts)
    total = np.add.reduceat(weight, start)
    centre, hold = begin * spread, max(HOLD * len(choices), LEAST)

    def loss(at: Floats) -> tuple[float, Floats]:
        score = (scaled @ at.astype(np.float32)).astype(np.float64)
        score -= np.repeat(np.maximum.reduceat(score, start), counts)
        likely = np.exp(score)
        whole = np.add.reduceat(likely, start)
        off = at - centre
        value = (total * np.log(whole)).sum() - weight @ score + hold * off @ off
        slope = (likely / np.repeat(whole, counts) * np.repeat(total, counts) - weight).astype(np.float32)
        return float(value), np.asarray(slope @ scaled + 2 * hold * off, np.float64)

    solution = optimize.minimize(loss, centre, jac=True, method="L-BFGS-B", options={"maxiter": SWEEPS})
    return np.asarray(solution.x / spread)
