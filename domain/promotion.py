"""Decide when a challenger becomes champion: when it is better beyond noise, on days that neither model has seen."""

from __future__ import annotations

from typing import Final

from domain.arrays import Floats
from domain.statistics.intervals import Interval, mean_interval
from models.refreshes import ChallengerVerdict

MIN_CLIENTS: Final = 50
"""With fewer clients nobody is promoted."""
CONFIDENCE: Final = 0.95


def judge_challenger(better_by: Floats, *, first: bool) -> tuple[ChallengerVerdict, Interval | None]:
    """Return the verdict on a challenger, and the mean of `better_by` with its interval (None for fewer than two
    clients).

    `better_by`, shape (n,): by how much the challenger was better for each client. `first`: no trained model serves
    yet, so the challenger is compared with the built-in.
    """
    interval = mean_interval(better_by, CONFIDENCE) if len(better_by) > 1 else None
    if interval is None or len(better_by) < MIN_CLIENTS:
        return ChallengerVerdict.TOO_FEW, interval
    if interval.low <= 0:
        return ChallengerVerdict.NOT_BETTER, interval
    return (ChallengerVerdict.FIRST if first else ChallengerVerdict.BETTER), interval
