"""What another policy would have earned, from what one policy logged: inverse propensity scores, their self-normalised
form, and the doubly robust estimate (Dudík, Langford, Li 2011; Swaminathan, Joachims 2015).

`logged` and `target` are how likely each of the two policies was to do what was done, shape (n,). The estimates hold
where `logged` is what really was drawn from, and no outcome of one row depends on another row.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import Final

import numpy as np

from domain.arrays import Floats
from domain.statistics.intervals import Interval, mean_interval
from errors import BadInput

FEWEST_ROWS: Final = 100.0
FEWEST_REWARDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """A policy's mean reward a row, with its 95 % interval.

    `effective_n`: as many rows of the target policy's own would tell as much (Kish). `effective_rewards`: the same,
    counting only what differs from no reward (for `doubly_robust`: from what was foretold).
    """

    value: float
    low: float
    high: float
    n: int
    effective_n: float
    effective_rewards: float

    @property
    def enough(self) -> bool:
        """Whether there is enough to go by; if not, the interval itself is a guess."""
        return self.effective_n >= FEWEST_ROWS and self.effective_rewards >= FEWEST_REWARDS


def ips(reward: Floats, logged: Floats, target: Floats) -> Estimate:
    """Inverse propensity scores: free of bias, and noisy where the policies differ. Raises BadInput."""
    weight = _weights(reward, logged, target)
    return _estimate(mean_interval(weight * reward), weight, reward)


def snips(reward: Floats, logged: Floats, target: Floats) -> Estimate:
    """Self-normalised: divided by the sum of the weights, so that it stays among the rewards seen. Raises BadInput."""
    weight = _weights(reward, logged, target)
    mean = float(weight.mean())
    if mean <= 0:
        return Estimate(0.0, float(min(reward.min(), 0.0)), float(max(reward.max(), 1.0)), len(reward), 0.0, 0.0)
    value = float((weight * reward).mean()) / mean
    around = mean_interval(weight * (reward - value) / mean)  # the delta method
    return _estimate(Interval(value, value + around.low, value + around.high), weight, reward)


def doubly_robust(reward: Floats, logged: Floats, target: Floats, q_logged: Floats, v_target: Floats) -> Estimate:
    """Right when either the propensities or the foretold rewards are; the better foretold, the narrower.

    `q_logged`: the reward foretold for what was done; `v_target`: the mean foretold over what the target policy would
    have done, both of shape (n,) and learnt from other rows. Raises BadInput.
    """
    weight = _weights(reward, logged, target)
    for name, foretold in (("q_logged", q_logged), ("v_target", v_target)):
        if foretold.shape != reward.shape or not np.isfinite(foretold).all():
            raise BadInput(f"must hold {len(reward)} finite numbers", name)
    missed = reward - q_logged
    found = mean_interval(v_target + weight * missed)
    return Estimate(*found, len(reward), _kish(weight), _kish(weight * reward))


def _weights(reward: Floats, logged: Floats, target: Floats) -> Floats:
    if reward.ndim != 1 or len(reward) < 2 or not np.isfinite(reward).all():
        raise BadInput("must be two finite numbers or more", "reward")
    for name, chance in (("logged", logged), ("target", target)):
        if chance.shape != reward.shape or not ((chance >= 0) & (chance <= 1)).all():
            raise BadInput(f"must hold {len(reward)} probabilities from 0 to 1", name)
    if not (logged > 0).all():
        raise BadInput("what was done cannot have had the probability 0", "logged")
    return np.asarray(target / logged, np.float64)


def _estimate(found: Interval, weight: Floats, reward: Floats) -> Estimate:
    rows, rewards = _kish(weight), _kish(weight * reward)
    low, high = found.low, found.high
    if reward.min() >= 0:
        low = max(low, 0.0)
    if not reward.any() and rows > 0:
        high = -log(0.025) / rows  # what so many rows without one of at most 1 leave possible
    return Estimate(found.value, low, high, len(reward), rows, rewards)


def _kish(weight: Floats) -> float:
    """How many equal weights are as even as these."""
    squares = float((weight**2).sum())
    return float(np.abs(weight).sum()) ** 2 / squares if squares > 0 else 0.0
