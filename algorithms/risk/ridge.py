"""A ridge logistic regression on standardised features that moves log odds known beforehand."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit

Floats = NDArray[np.float64]

PENALTY: Final = 10.0
"""The ridge penalty on the weights of standardised features, in clients."""
LIMIT: Final = 4.0
"""Standard deviations at which features are clipped: a wholesaler is not extrapolated to."""


@dataclass(frozen=True, slots=True)
class Ridge:
    """The regression on k features.

    Each of shape (k,): the features' mean, their spread, and the log odds that one spread moves.
    """

    middle: Floats
    width: Floats
    weights: Floats

    def predict_moves(self, features: Floats) -> Floats:
        """Predict how far each row's log odds move, shape (n,)."""
        return np.asarray(_standardise(features, self.middle, self.width) @ self.weights)

    def scale(self, share: float) -> Ridge:
        """Scale all moves by `share`."""
        return replace(self, weights=self.weights * share)


def fit(features: Floats, came: NDArray[np.bool_], log_odds: Floats, share: float) -> Ridge:
    """Fit on rows of which it is known whether an order `came`; each counts `share`, as windows overlap."""
    middle, width = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-9)
    weights = _newton(_standardise(features, middle, width), came.astype(np.float64), log_odds, share)
    return Ridge(middle, width, weights)


def _standardise(features: Floats, middle: Floats, width: Floats) -> Floats:
    return np.asarray(np.clip((features - middle) / width, -LIMIT, LIMIT))


def _newton(rows: Floats, came: Floats, offset: Floats, share: float) -> Floats:
    design = np.column_stack([np.ones(len(rows)), rows])
    penalty = np.diag([1e-6, *[PENALTY] * rows.shape[1]])
    weights = np.zeros(design.shape[1])
    for _ in range(25):
        chance = expit(offset + design @ weights)
        curve = (design.T * (share * chance * (1 - chance))) @ design + penalty
        step = np.linalg.solve(curve, share * (design.T @ (came - chance)) - penalty @ weights)
        weights += step
        if float(np.abs(step).max()) < 1e-8:
            break
    return np.asarray(weights[1:])
