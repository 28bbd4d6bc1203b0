"""Confidence intervals of means, also for skewed samples."""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from domain.arrays import Floats


class Interval(NamedTuple):
    """A value and its confidence interval."""

    value: float
    low: float
    high: float


def normal_quantile(confidence: float) -> float:
    """Return how many standard errors to each side hold `confidence` of a normal distribution."""
    return float(ndtri(0.5 + confidence / 2))


def mean_interval(values: Floats, confidence: float = 0.95) -> Interval:
    """Return the mean of `values`, shape (n,), n at least 2, with an interval corrected for skewness.

    Rare clicks under unequal weights are skewed, and there the plain normal interval lies too low. The cubic
    transformation is Hall's (1992, "On the removal of skewness by transformation", JRSS B 54).
    """
    n, mean, spread = len(values), float(values.mean()), float(values.std(ddof=1))
    error = spread / sqrt(n)
    if error <= 1e-14 * abs(mean):
        return Interval(mean, mean, mean)
    skew = float((((values - mean) / spread) ** 3).mean())
    far = normal_quantile(confidence)
    return Interval(mean, mean - error * _remove_skew(far, skew, n), mean - error * _remove_skew(-far, skew, n))


def _remove_skew(quantile: float, skew: float, n: int) -> float:
    """Return where the transformed statistic reaches `quantile`."""
    root = skew / sqrt(n)
    if abs(root) < 1e-6:
        return quantile
    return float((np.cbrt(1 + root * (quantile - root / 6)) - 1) * 3 / root)


def compute_share_bounds(share: float, n: int, far: float) -> tuple[float, float]:
    """Compute the bounds of a share of `n` by Wilson's interval, which stays within 0 and 1 and is no point at either.

    Args: `far` standard errors to each side, as `normal_quantile` gives them.
    Source: Wilson (1927), "Probable inference, the law of succession, and statistical inference", JASA 22.
    """
    middle = (share + far**2 / (2 * n)) / (1 + far**2 / n)
    reach = far / (1 + far**2 / n) * sqrt(share * (1 - share) / n + far**2 / (4 * n**2))
    return max(0.0, middle - reach), min(1.0, middle + reach)
