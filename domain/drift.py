"""Whether values have moved: the two-sample Kolmogorov-Smirnov test.

    D = max |F_before(x) - F_now(x)|        p = Q(sqrt(n m / (n + m)) D)

with Q the limiting law of Kolmogorov (1933) and Smirnov (1948). It holds for tied values too, with a p that is then
too large: counts and hours raise fewer alarms than they might, never more.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.special import kolmogorov

from domain.arrays import Floats
from models.refreshes import Drift

FEWEST: Final = 30
"""Values in each sample; below it nothing is said."""
UNLIKELY: Final = 0.001
"""No alarm for what chance alone brings about more often than that: some ten features are looked at each night."""


def moved(feature: str, before: Floats, now: Floats, alarm_at: float) -> Drift | None:
    """How far `now` (m,) is from `before` (n,); an alarm from the statistic `alarm_at` on, if it is unlikely too.

    None where there are too few values to tell.
    """
    if min(len(before), len(now)) < FEWEST:
        return None
    statistic = distance(before, now)
    p = float(kolmogorov(np.sqrt(len(before) * len(now) / (len(before) + len(now))) * statistic))
    return Drift(
        feature=feature,
        statistic=round(statistic, 4),
        p=float(f"{p:.3g}"),
        before=len(before),
        now=len(now),
        alarm=statistic >= alarm_at and p < UNLIKELY,
    )


def distance(before: Floats, now: Floats) -> float:
    """The largest distance between two empirical distributions, 0 to 1."""
    low, high = np.sort(before), np.sort(now)
    points = np.concatenate([low, high])
    shares = [np.searchsorted(each, points, side="right") / len(each) for each in (low, high)]
    return float(np.abs(shares[0] - shares[1]).max())
