"""How far forecasts of this shop miss: told by forecasts of earlier windows, each made with what was known by then.

A miss is the log odds of the share who ordered, less those foretold. Misses of a shop are taken to be a constant, a
season and a slow drift, each of unknown size (a Gaussian process). Sizes count by how likely they make the past misses:
what the windows do not bear out weighs little, and a season is believed once the past shows one.

Source: Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006, chapters 2 and 5.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from algorithms.risk.features import YEAR

Floats = NDArray[np.float64]

CONSTANTS: Final = (0.0, 0.15, 0.3, 0.6)
SEASONS: Final = (0.0, 0.2, 0.5, 1.0)
DRIFTS: Final = (0.05, 0.15, 0.4)
"""Deviations of the three parts, in log odds: all combinations are equally likely before the windows are seen."""
NOISES: Final = (0.1, 0.3, 1.0)
"""Deviations of the miss of a window as long as the past before it; the noise grows with the square of that ratio."""
MOST: Final = 2.0
"""A larger miss is a fit that failed."""
REACHES: Final = (1.0, 4.0)
"""The time in which a drift is forgotten, in horizons."""
SEASON_WIDTH: Final = 0.5
"""How quickly a season changes, in the unit of the periodic kernel: about a month and a half."""


@dataclass(frozen=True, slots=True)
class Misses:
    """Misses of m windows, each of shape (m,): the day in their middle, their length, the miss, its sampling error, and
    how many times as long as the past before it the window was."""

    middle: Floats
    days: Floats
    miss: Floats
    error: Floats
    reach: Floats


def predict_miss(past: Misses, middle: float, horizon: int) -> float:
    """Predict the miss of a window around the day `middle`: 0 where nothing is known of the past."""
    if not len(past.miss):
        return 0.0
    middles, days = np.append(past.middle, middle), np.append(past.days, horizon)
    answers = []
    for *sizes, noise in product(CONSTANTS, SEASONS, DRIFTS, REACHES, NOISES):
        covariance = _build_covariance(middles, days, *sizes)
        answers.append(_predict_by(past, covariance, past.error**2 + (noise * past.reach**2) ** 2))
    mean, likelihood = np.array(answers).T
    weight = np.exp(likelihood - likelihood.max())
    return float(weight @ mean / weight.sum())


def _build_covariance(
    middles: Floats, days: Floats, constant: float, season: float, drift: float, reach: float
) -> Floats:
    """Build the covariance of the misses of windows; the longer they are, the less of the season is left in them."""
    apart = np.abs(middles[:, None] - middles)
    periodic = np.exp(-2 * (np.sin(np.pi * apart / YEAR) / SEASON_WIDTH) ** 2)
    seasonal = season * np.maximum(0.0, 1 - days / YEAR)
    drifting = np.exp(-apart / (reach * days[-1]))
    return np.asarray(constant**2 + np.outer(seasonal, seasonal) * periodic + drift**2 * drifting)


def _predict_by(past: Misses, covariance: Floats, noise: Floats) -> tuple[float, float]:
    """Predict the last miss from all before, and compute the log-likelihood of those."""
    root = np.linalg.cholesky(covariance[:-1, :-1] + np.diag(noise + 1e-9))
    white = np.linalg.solve(root, np.clip(past.miss, -MOST, MOST))
    mean = float(np.linalg.solve(root, covariance[:-1, -1]) @ white)
    return mean, float(-0.5 * white @ white - np.log(np.diag(root)).sum())
