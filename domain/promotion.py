"""When a challenger takes over: only if it is better beyond noise, client by client, on days that neither has seen."""

from __future__ import annotations

from typing import Final

from domain.arrays import Floats
from domain.statistics.intervals import Interval, mean_interval
from models.refreshes import Verdict

FEWEST: Final = 50
"""Clients; below it an interval says little, and nobody takes over."""
CONFIDENCE: Final = 0.95


def judged(better_by: Floats, *, first: bool) -> tuple[Verdict, Interval | None]:
    """The verdict on a challenger, and the mean of `better_by` with its interval (none of fewer than two clients).

    `better_by`, shape (n,): of each client, how much better the challenger did than what serves. `first`: nothing
    learnt serves yet, so what it is held to is the house's default.
    """
    found = mean_interval(better_by, CONFIDENCE) if len(better_by) > 1 else None
    if found is None or len(better_by) < FEWEST:
        return Verdict.TOO_FEW, found
    if found.low <= 0:
        return Verdict.NOT_BETTER, found
    return (Verdict.FIRST if first else Verdict.BETTER), found
