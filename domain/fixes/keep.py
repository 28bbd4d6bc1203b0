"""How likely a client is to keep what is sent: p(keep) = p(like) p(fit).

p(like) = 1 / (1 + exp(-(slope * liking + intercept))): Platt scaling (1999) of the ranking's score, which stands
standardised among the candidates of the client, so that every algorithm is on one scale. Both numbers are learnt from
what was kept and returned, by their posterior mode under a normal prior; a shop without feedback has the prior.

The prior is an assumption: an item two standard deviations above the mean is liked by 73 %. Only what was sent gets
feedback, so p(like) is sound where boxes are filled from: near the top of the ranking.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np

from domain.arrays import Floats
from models.base import Contract

PRIOR: Final = (0.5, 0.0)
SPREAD: Final = (0.5, 1.0)
"""Mean and standard deviation of slope and intercept before any feedback; a dozen outcomes or so weigh as much."""
STEPS: Final = 50
_TINY: Final = 1e-9


class Keep(Contract):
    """How the ranking's score becomes a probability. `outcomes`: of how many it was learnt."""

    slope: float = PRIOR[0]
    intercept: float = PRIOR[1]
    outcomes: int = 0

    def p_like(self, liking: Floats) -> Floats:
        """The chance that the client likes each item, shape (n,), from standardised scores (n,)."""
        return _sigmoid(self.slope * liking + self.intercept)


def standardised(scores: Sequence[float]) -> Floats:
    """Scores of one client's candidates with mean 0 and standard deviation 1, at most 3 apart from 0; shape (n,)."""
    values = np.asarray(scores, np.float64)
    if len(values) < 2 or not np.ptp(values) > 0:
        return np.zeros(len(values))
    values = values / np.abs(values).max()  # or the squares of what a remote algorithm gives may overflow
    spread = values.std()
    return np.clip((values - values.mean()) / spread, -3.0, 3.0) if spread > 0 else np.zeros(len(values))


def learn(liking: Floats, p_fit: Floats, kept: Floats) -> Keep:
    """From `n` items with feedback: their standardised scores, chances to fit, and 1 where kept, else 0.

    Fisher scoring on log p(kept | slope, intercept) plus the log prior, halving a step that does not climb.
    """
    prior, precision = np.array(PRIOR), np.diag(1 / np.square(SPREAD))
    design = np.column_stack([liking, np.ones(len(liking))])
    fits = np.clip(p_fit, _TINY, 1 - _TINY)

    def climbed(at: Floats) -> float:
        keep = fits * _sigmoid(design @ at)
        likelihood = np.sum(kept * np.log(keep) + (1 - kept) * np.log1p(-keep))
        return float(likelihood - (at - prior) @ precision @ (at - prior) / 2)

    at, height = prior, climbed(prior)
    for _ in range(STEPS):
        like = _sigmoid(design @ at)
        keep, slope = fits * like, fits * like * (1 - like)
        pull = design.T @ ((kept - keep) / (keep * (1 - keep)) * slope) - precision @ (at - prior)
        bend = design.T @ (design * (slope**2 / (keep * (1 - keep)))[:, None]) + precision
        step = np.linalg.solve(bend, pull)
        while (found := climbed(at + step)) < height and np.abs(step).max() > _TINY:
            step = step / 2
        if found <= height:
            break
        at, height = at + step, found
    return Keep(slope=float(at[0]), intercept=float(at[1]), outcomes=len(liking))


def _sigmoid(z: Floats) -> Floats:
    return np.clip(1 / (1 + np.exp(-np.clip(z, -30, 30))), _TINY, 1 - _TINY)
