"""Predict how likely a client is to keep an item: p(keep) = p(like) p(fit).

p(like) = 1 / (1 + exp(-(slope * liking + intercept))): Platt scaling (1999) of the ranking's score, standardised among
the client's candidates so that all algorithms are on one scale. Both numbers are the posterior mode under a normal
prior, learnt from what was kept and returned; a shop without feedback has the prior.

The prior is an assumption: an item two standard deviations above the mean is liked with 73 %. Only items that were sent
get feedback, so p(like) is reliable where boxes are filled from: near the top of the ranking.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from domain.arrays import Floats
from models.base import Contract

PRIOR: Final = (0.5, 0.0)
SPREAD: Final = (0.5, 1.0)
"""Mean and standard deviation of slope and intercept before any feedback. They weigh about a dozen outcomes."""
STEPS: Final = 50
_TINY: Final = 1e-9


class KeepModel(Contract):
    """The mapping from a ranking's score to a probability. `outcomes`: how many it was learnt from."""

    slope: float = PRIOR[0]
    intercept: float = PRIOR[1]
    outcomes: int = 0

    def p_like(self, liking: Floats) -> Floats:
        """Return the probability that the client likes each item, shape (n,), from standardised scores (n,)."""
        return _sigmoid(self.slope * liking + self.intercept)


def standardise(scores: Sequence[float]) -> Floats:
    """Standardise one client's scores to mean 0 and standard deviation 1, clipped to [-3, 3]; shape (n,)."""
    values = np.asarray(scores, np.float64)
    if len(values) < 2 or not np.ptp(values) > 0:
        return np.zeros(len(values))
    values = values / np.abs(values).max()  # or the squares of what a remote algorithm gives may overflow
    spread = values.std()
    return np.clip((values - values.mean()) / spread, -3.0, 3.0) if spread > 0 else np.zeros(len(values))


def fit_keep_parameters(liking: Floats, p_fit: Floats, kept: Floats) -> KeepModel:
    """Fit the model to n items with feedback: their standardised scores, P(fit), and 1 where kept, else 0.

    Fisher scoring on log p(kept | slope, intercept) plus the log prior; a step that does not climb is halved.
    """
    prior, precision = np.array(PRIOR), np.diag(1 / np.square(SPREAD))
    design = np.column_stack([liking, np.ones(len(liking))])
    fits = np.clip(p_fit, _TINY, 1 - _TINY)

    def log_posterior(at: Floats) -> float:
        keep = fits * _sigmoid(design @ at)
        likelihood = np.sum(kept * np.log(keep) + (1 - kept) * np.log1p(-keep))
        return float(likelihood - (at - prior) @ precision @ (at - prior) / 2)

    at, height = prior, log_posterior(prior)
    for _ in range(STEPS):
        like = _sigmoid(design @ at)
        keep, slope = fits * like, fits * like * (1 - like)
        pull = design.T @ ((kept - keep) / (keep * (1 - keep)) * slope) - precision @ (at - prior)
        bend = design.T @ (design * (slope**2 / (keep * (1 - keep)))[:, None]) + precision
        step = np.linalg.solve(bend, pull)
        while (new_height := log_posterior(at + step)) < height and np.abs(step).max() > _TINY:
            step = step / 2
        if new_height <= height:
            break
        at, height = at + step, new_height
    return KeepModel(slope=float(at[0]), intercept=float(at[1]), outcomes=len(liking))


def _sigmoid(z: Floats) -> Floats:
    return np.clip(1 / (1 + np.exp(-np.clip(z, -30, 30))), _TINY, 1 - _TINY)
