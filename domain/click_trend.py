"""Whether mails are clicked less than they used to be, beyond chance."""

from __future__ import annotations

from math import sqrt
from typing import Final

FEWEST: Final = 100
"""Mails of either time; with fewer nothing is said."""
LEAST_DROP: Final = 0.2
"""Share of the rate by which it must be lower: of a large shop a tiny drop is beyond chance too."""


def compute_drop(clicked: int, sent: int, clicked_before: int, sent_before: int) -> float:
    """Compute by how many standard errors the click rate is lower than the one before (two proportions, pooled).

    0 where there are too few mails, or where it is lower by less than LEAST_DROP of the rate before.
    """
    if min(sent, sent_before) < FEWEST or not clicked_before:
        return 0.0
    rate, before = clicked / sent, clicked_before / sent_before
    if rate > (1 - LEAST_DROP) * before:
        return 0.0
    pooled = min((clicked + clicked_before) / (sent + sent_before), 1.0)
    spread = sqrt(pooled * (1 - pooled) * (1 / sent + 1 / sent_before))
    return (before - rate) / spread if spread else 0.0
