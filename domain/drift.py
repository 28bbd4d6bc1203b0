"""Measure whether values have drifted, by the two-sample Kolmogorov-Smirnov test.

    D = max |F_before(x) - F_now(x)|        p = Q(sqrt(n m / (n + m)) D)

with Q the limiting law of Kolmogorov (1933) and Smirnov (1948). With tied values p is too large: counts and hours raise
fewer alarms than they might, never more.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.special import kolmogorov

from domain.arrays import Floats
from models.refreshes import Drift

MIN_VALUES: Final = 30
"""Values needed in each sample."""
ALARM_P: Final = 0.001
"""An alarm needs a smaller p-value than this; about ten features are tested every night."""


def measure_drift(feature: str, before: Floats, now: Floats, alarm_at: float) -> Drift | None:
    """Measure how far `now` (m,) is from `before` (n,); None where there are too few values.

    It is an alarm when the statistic is at least `alarm_at` and the p-value is below ALARM_P.
    """
    if min(len(before), len(now)) < MIN_VALUES:
        return None
    statistic = compute_ks_distance(before, now)
    p = float(kolmogorov(np.sqrt(len(before) * len(now) / (len(before) + len(now))) * statistic))
    return Drift(
        feature=feature,
        statistic=round(statistic, 4),
        p=float(f"{p:.3g}"),
        before=len(before),
        now=len(now),
        alarm=statistic >= alarm_at and p < ALARM_P,
    )


def compute_ks_distance(before: Floats, now: Floats) -> float:
    """Compute the Kolmogorov-Smirnov distance of two samples, 0 to 1."""
    low, high = np.sort(before), np.sort(now)
    points = np.concatenate([low, high])
    shares = [np.searchsorted(sample, points, side="right") / len(sample) for sample in (low, high)]
    return float(np.abs(shares[0] - shares[1]).max())
