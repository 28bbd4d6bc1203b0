"""Estimate what another policy would have earned from the log of one policy.

Inverse propensity scores, their self-normalised form, and the doubly robust estimate (Dudík, Langford, Li 2011;
Swaminathan, Joachims 2015). `logged` and `target` are the probabilities with which each policy takes the logged action,
shape (n,). The estimates hold where actions were really drawn with `logged`, and rows do not influence each other.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import Final

import numpy as np

from domain.arrays import Floats
from domain.statistics.intervals import Interval, mean_interval
from errors import BadInput

MIN_EFFECTIVE_ROWS: Final = 100.0
MIN_EFFECTIVE_REWARDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """A policy's mean reward per row, with its 95 % interval.

    `effective_n`: as many rows of the target policy's own would say as much (Kish). `effective_rewards`: the same,
    counting only rows with a reward (for `doubly_robust`: with a difference from the prediction).
    """

    value: float
    low: float
    high: float
    n: int
    effective_n: float
    effective_rewards: float

    @property
    def enough(self) -> bool:
        """Whether there is enough data; if not, the interval itself is a guess."""
        return self.effective_n >= MIN_EFFECTIVE_ROWS and self.effective_rewards >= MIN_EFFECTIVE_REWARDS


def ips(reward: Floats, logged: Floats, target: Floats) -> Estimate:
    """Estimate by inverse propensity scores: unbiased, and noisy where the policies differ. Raises BadInput."""
    weight = _weights(reward, logged, target)
    return _estimate(mean_interval(weight * reward), weight, reward)


def snips(reward: Floats, logged: Floats, target: Floats) -> Estimate:
    """Estimate by self-normalised scores, divided by the sum of the weights: stays among the rewards seen. Raises
    BadInput."""
    weight = _weights(reward, logged, target)
    mean = float(weight.mean())
    if mean <= 0:
        return Estimate(0.0, float(min(reward.min(), 0.0)), float(max(reward.max(), 1.0)), len(reward), 0.0, 0.0)
    value = float((weight * reward).mean()) / mean
    around = mean_interval(weight * (reward - value) / mean)  # the delta method
    return _estimate(Interval(value, value + around.low, value + around.high), weight, reward)


def doubly_robust(reward: Floats, logged: Floats, target: Floats, q_logged: Floats, v_target: Floats) -> Estimate:
    """Estimate doubly robustly: right when either the propensities or the predicted rewards are. Raises BadInput.

    `q_logged`: the predicted reward of the logged action; `v_target`: the mean predicted reward of the target policy's
    actions; both of shape (n,) and learnt from other rows. The better the predictions, the narrower the interval.
    """
    weight = _weights(reward, logged, target)
    for name, predicted in (("q_logged", q_logged), ("v_target", v_target)):
        if predicted.shape != reward.shape or not np.isfinite(predicted).all():
            raise BadInput(f"must hold {len(reward)} finite numbers", name)
    missed = reward - q_logged
    interval = mean_interval(v_target + weight * missed)
    return Estimate(*interval, len(reward), _kish(weight), _kish(weight * reward))


def _weights(reward: Floats, logged: Floats, target: Floats) -> Floats:
    if reward.ndim != 1 or len(reward) < 2 or not np.isfinite(reward).all():
        raise BadInput("must be two finite numbers or more", "reward")
    for name, chance in (("logged", logged), ("target", target)):
        if chance.shape != reward.shape or not ((chance >= 0) & (chance <= 1)).all():
            raise BadInput(f"must hold {len(reward)} probabilities from 0 to 1", name)
    if not (logged > 0).all():
        raise BadInput("what was done cannot have had the probability 0", "logged")
    return np.asarray(target / logged, np.float64)


def _estimate(interval: Interval, weight: Floats, reward: Floats) -> Estimate:
    rows, rewards = _kish(weight), _kish(weight * reward)
    low, high = interval.low, interval.high
    if reward.min() >= 0:
        low = max(low, 0.0)
    if not reward.any() and rows > 0:
        high = -log(0.025) / rows  # what so many rows without one of at most 1 leave possible
    return Estimate(interval.value, low, high, len(reward), rows, rewards)


def _kish(weight: Floats) -> float:
    """Compute Kish's effective sample size: how many equal weights are worth as much as these."""
    squares = float((weight**2).sum())
    return float(np.abs(weight).sum()) ** 2 / squares if squares > 0 else 0.0
