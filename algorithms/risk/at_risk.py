"""At risk against one's own rhythm, and what such alarms were worth when history is replayed.

A client who ordered twice or more is at risk from the day on which silence alone has taken the chance of an order
under half of what it was at the last one (`domain.rhythm`). A weekly buyer gets there within weeks, a yearly one not
for months. What is replayed is the model that serves.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from algorithms.risk import served
from algorithms.risk.kept import Kept, kept_of
from algorithms.risk.orders import Orders, count_after
from algorithms.risk.recency_rate import Population
from algorithms.risk.served import MANY, RiskModel
from domain.rhythm import FALLEN

Flags = NDArray[np.bool_]

EVIDENT: Final = 0.95
"""A lapse is evident to everybody once a silence is longer than this share of all gaps between orders."""
STEP: Final = 30
NOBODY: Final = Population(1.0, 60.0, 0.2, 0.5, 30.0)
"""Of clients who never ordered: in a file of orders there are none."""


@dataclass(frozen=True, slots=True)
class Replay:
    """`flagged`: alarms over all days replayed; `precision`: the share after which no order came within the horizon.

    `precision_of_silence`: the same of as many clients who had been silent longest; `no_order`: of all who had ordered
    twice; `caught`: the share of those whose silence went on for the horizon that were flagged. `lead_days`: the median
    of how long before the lapse was evident a right alarm was first raised, `_low` and `_high` its quartiles.
    """

    days: int
    flagged: int
    precision: float
    precision_of_silence: float
    no_order: float
    caught: float
    lead_days: float
    lead_days_low: float
    lead_days_high: float


def at_risk(model: RiskModel, some: Kept, day: int) -> Flags:
    """Who is at risk at the end of `day`, shape (n,)."""
    rows = np.flatnonzero(some.rhythm(float(day)).x > 0)
    flags = np.zeros(len(some), np.bool_)
    flags[rows] = model.falls(some.part(rows), (FALLEN,), MANY)[:, 0] <= day
    return flags


def replay(orders: Orders, day: int, horizon: int, step: int = STEP) -> Replay | None:
    """Ask on `day` and every `step` days after it, as long as the horizon is known; None where nobody was at risk.

    On each day nothing later is known.
    """
    told: list[tuple[int, ...]] = []
    leads: dict[tuple[str, int], float] = {}
    for now in range(day, int(orders.day.max()) - horizon + 1, step):
        past = orders.until(now)
        some = kept_of(past)
        quiet, repeat = count_after(orders, past.ids, now, horizon) == 0, some.orders > 1
        flags = at_risk(served.learn(past, now, horizon, NOBODY), some, now)
        silence = now - some.last
        longest = np.argsort(np.where(repeat, -silence, np.inf), kind="stable")[: int(flags.sum())]
        right = (int(quiet[rows].sum()) for rows in (flags, longest, repeat))
        told.append((int(flags.sum()), *right, int(repeat.sum())))
        evident = _evident(past)
        for place in np.flatnonzero(flags & quiet).tolist():  # the first alarm of each silence
            leads.setdefault((past.ids[place], int(some.last[place])), evident - float(silence[place]))
    flagged, right_ones, by_silence, none, asked = np.sum(told, axis=0).tolist() if told else [0] * 5
    if not flagged:
        return None
    low, middle, high = np.percentile(list(leads.values()) or [np.nan], [25, 50, 75]).tolist()
    shares = (right_ones / flagged, by_silence / flagged, none / asked, right_ones / none if none else float("nan"))
    return Replay(len(told), flagged, *shares, middle, low, high)


def figures(found: Replay | None) -> dict[str, float | None] | None:
    """The same for JSON; None where there is nothing to tell."""
    if found is None:
        return None
    return {name: None if np.isnan(value) else round(value, 4) for name, value in asdict(found).items()}


def _evident(past: Orders) -> float:
    gaps = np.diff(past.day)[np.diff(past.client) == 0]
    return float(np.quantile(gaps, EVIDENT))
