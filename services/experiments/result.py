"""Read what a test of yes or no, or of two means, showed."""

from __future__ import annotations

import math
from math import sqrt
from typing import Any

from domain.statistics import bayes, lift, sequential
from domain.statistics.bayes import Posterior
from domain.statistics.intervals import Interval
from domain.statistics.lift import Lift
from domain.statistics.sequential import Look, Sample


def read_test(treated: tuple[int, int], control: tuple[int, int], narrowest_at: int | None) -> dict[str, Any]:
    """Compute the lift with its interval, one that holds at every look, and the chance that the treatment is better.

    Args: `treated` and `control` are (clients who did, clients); `narrowest_at` is how many the test was planned for.
    """
    result, posterior = lift.compare_shares(*treated, *control), bayes.compare_shares(*treated, *control)
    planned = sequential.NARROWEST_AT if narrowest_at is None else narrowest_at
    look = sequential.compare_arms(
        sequential.sample_share(*treated), sequential.sample_share(*control), narrowest_at=planned
    )
    return _describe(result, look, posterior)


def read_means(treated: Sample, control: Sample, narrowest_at: int | None) -> dict[str, Any]:
    """Compute the same of two means, such as spend per client."""
    variances = (treated.variance / treated.n, control.variance / control.n)
    result = lift.compare_estimates(treated.mean, variances[0], control.mean, variances[1])
    planned = sequential.NARROWEST_AT if narrowest_at is None else narrowest_at
    error = sqrt(sum(variances))
    posterior = bayes.compare_means(result.difference.value, error) if error > 0 else None
    look = sequential.compare_arms(treated, control, narrowest_at=planned) if error > 0 else None
    return _describe(result, look, posterior)


def _describe(result: Lift, look: Look | None, posterior: Posterior | None) -> dict[str, Any]:
    """Describe a comparison in plain values. Without `look` and `posterior` nothing varied, so nothing is told."""
    return {
        "treated": round(result.treated, 6),
        "control": round(result.control, 6),
        "difference": _round_interval(result.difference),
        "lift": _round_interval(result.relative),
        "p_value": round(result.p_value, 6),
        "difference_at_every_look": _round_interval(look.difference if look else result.difference),
        "p_value_at_every_look": round(look.p_value if look else 1.0, 6),
        "p_better": round(posterior.p_better if posterior else 0.5, 4),
        "loss_if_worse": round(posterior.loss if posterior else 0.0, 6),
    }


def _round_interval(interval: Interval) -> list[float | None]:
    """Return value, low, high; None where there is no bound, which JSON cannot say."""
    return [round(bound, 6) if math.isfinite(bound) else None for bound in interval]
