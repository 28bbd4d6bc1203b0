"""Whether as many clients came into each arm as its share says: where not, the arms cannot be compared.

Source: Fabijan et al. (2019), "Diagnosing sample ratio mismatch in online controlled experiments", KDD.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from scipy.special import chdtrc

from errors import BadInput

SUSPICIOUS: Final = 0.0005
"""A test that is looked at each day for a year or two, and is in order, falls below it once in a blue moon."""


def compute_mismatch(counts: Sequence[int], shares: Sequence[float]) -> float:
    """Compute how often chance alone divides clients as unlike `shares` as `counts` are, by Pearson's chi-squared. 1
    where there are fewer than five of an arm to be expected. Raises BadInput."""
    if len(counts) != len(shares) or len(counts) < 2 or min(shares, default=0) <= 0:
        raise BadInput("must be a count and a share above 0 for each of two arms or more", "counts")
    total, whole = sum(counts), sum(shares)
    expected = [total * share / whole for share in shares]
    if min(expected) < 5:
        return 1.0
    distance = sum((count - mean) ** 2 / mean for count, mean in zip(counts, expected, strict=True))
    return float(chdtrc(len(counts) - 1, distance))
