"""Ridge regressions on standardised columns: linear, and logistic by Newton's steps."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from domain.arrays import Floats


def linear(rows: Floats, outcome: Floats, ridge: float, weight: Floats | None = None) -> Floats:
    """Intercept and weights, shape (1 + k,); `ridge` rows hold each weight at 0."""
    design = np.column_stack([np.ones(len(rows)), rows])
    scaled = design if weight is None else design * weight[:, None]
    return np.asarray(np.linalg.solve(scaled.T @ design + _held(ridge, rows.shape[1]), scaled.T @ outcome))


def logistic(rows: Floats, outcome: Floats, ridge: float) -> Floats:
    """Intercept and weights of the log odds, shape (1 + k,). Outcomes are 0 or 1."""
    design, held = np.column_stack([np.ones(len(rows)), rows]), _held(ridge, rows.shape[1])
    weights = np.zeros(design.shape[1])
    for _ in range(30):
        chance = expit(design @ weights)
        curve = (design.T * (chance * (1 - chance) + 1e-9)) @ design + held
        step = np.linalg.solve(curve, design.T @ (outcome - chance) - held @ weights)
        weights += np.clip(step, -5, 5)
        if float(np.abs(step).max()) < 1e-8:
            break
    return weights


def _held(ridge: float, columns: int) -> Floats:
    return np.diag([1e-6, *[ridge] * columns])
