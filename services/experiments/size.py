"""Compute how many clients a test needs, or what so many can show."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from domain.statistics import planning
from errors import BadInput


def plan_test(
    baseline: float, lift: float | None, clients: int | None, spread: float | None, design: planning.ExperimentDesign
) -> dict[str, Any]:
    """Compute the clients that a test needs to show `lift`, or the smallest lift that `clients` show.

    Args: `baseline` is a share, or a mean where `spread`, its standard deviation, is given; `lift` is relative.
    Raises: BadInput naming the field.
    """
    if (lift is None) == (clients is None):
        raise BadInput("give either the lift to be seen or the clients that there are", "lift")
    if spread is not None and (not spread > 0 or not baseline > 0):
        raise BadInput("an amount needs a mean and a spread above 0", "spread")
    if spread is None and not 0 < baseline < 1:
        raise BadInput("is a share between 0 and 1; with --spread it may be any amount", "baseline")
    plan: dict[str, Any] = {"clients": clients}
    if clients is not None:
        variance = baseline * (1 - baseline) if spread is None else spread**2
        lift = planning.compute_smallest_effect(clients, variance, variance, design) / baseline
    elif lift is not None:
        needed = (
            planning.plan_for_shares(baseline, lift, design)
            if spread is None
            else planning.plan_for_means(baseline * lift, spread**2, spread**2, design)
        )
        plan = {"clients": needed.clients, "treated": needed.treated, "control": needed.control}
    return plan | {"baseline": baseline, "lift": round(lift or 0.0, 6)} | asdict(design)
