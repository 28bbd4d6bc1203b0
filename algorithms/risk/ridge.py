"""A ridge logistic regression on standardised features that moves log odds known beforehand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Floats = NDArray[np.float64]

HELD: Final = 10.0
"""How strongly the weights of standardised features are held at 0, in clients."""
FURTHEST: Final = 4.0
"""Standard deviations at which a feature is taken to stand: a wholesaler is not extrapolated to."""


@dataclass(frozen=True, slots=True)
class Ridge:
    """Of k features, each of shape (k,): their usual value, their spread, and how far one spread moves the log odds."""

    middle: Floats
    width: Floats
    weights: Floats

    def moves(self, features: Floats) -> Floats:
        """How far each row's log odds are moved, shape (n,)."""
        return np.asarray(_standard(features, self.middle, self.width) @ self.weights)

    def times(self, share: float) -> Ridge:
        """The same, all moves `share` as far."""
        return replace(self, weights=self.weights * share)


def fit(features: Floats, came: NDArray[np.bool_], log_odds: Floats, share: float) -> Ridge:
    """Learnt from rows of which it is known whether it `came`; each counts `share`, as windows overlap."""
    middle, width = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-9)
    weights = _newton(_standard(features, middle, width), came.astype(np.float64), log_odds, share)
    return Ridge(middle, width, weights)


def _standard(features: Floats, middle: Floats, width: Floats) -> Floats:
    return np.asarray(np.clip((features - middle) / width, -FURTHEST, FURTHEST))


def _newton(rows: Floats, came: Floats, offset: Floats, share: float) -> Floats:
    design = np.column_stack([np.ones(len(rows)), rows])
    held = np.diag([1e-6, *[HELD] * rows.shape[1]])
    weights = np.zeros(design.shape[1])
    for _ in range(25):
        chance = expit(offset + design @ weights)
        curve = (design.T * (share * chance * (1 - chance))) @ design + held
        step = np.linalg.solve(curve, share * (design.T @ (came - chance)) - held @ weights)
        weights += step
        if float(np.abs(step).max()) < 1e-8:
            break
    return np.asarray(weights[1:])
