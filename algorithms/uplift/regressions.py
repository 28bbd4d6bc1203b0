"""Ridge regressions on standardised columns: linear, and logistic by Newton's steps."""

from __future__ import annotations

import numpy as np
from scipy.special import expit

from domain.arrays import Floats


def fit_linear(rows: Floats, outcome: Floats, ridge: float, weight: Floats | None = None) -> Floats:
    """Fit a linear regression and return intercept and weights, shape (1 + k,); the penalty of each weight is `ridge`
    rows."""
    design = np.column_stack([np.ones(len(rows)), rows])
    scaled = design if weight is None else design * weight[:, None]
    return np.asarray(np.linalg.solve(scaled.T @ design + _build_penalty(ridge, rows.shape[1]), scaled.T @ outcome))


def fit_logistic(rows: Floats, outcome: Floats, ridge: float) -> Floats:
    """Fit a logistic regression of outcomes 0 or 1 and return intercept and weights of the log odds, shape (1 + k,)."""
    design, held = np.column_stack([np.ones(len(rows)), rows]), _build_penalty(ridge, rows.shape[1])
    weights = np.zeros(design.shape[1])
    for _ in range(30):
        chance = expit(design @ weights)
        curve = (design.T * (chance * (1 - chance) + 1e-9)) @ design + held
        step = np.linalg.solve(curve, design.T @ (outcome - chance) - held @ weights)
        weights += np.clip(step, -5, 5)
        if float(np.abs(step).max()) < 1e-8:
            break
    return weights


def _build_penalty(ridge: float, columns: int) -> Floats:
    return np.diag([1e-6, *[ridge] * columns])
