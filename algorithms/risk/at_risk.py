"""At risk against one's own rhythm, and what such alarms were worth when history is replayed.

A client who ordered twice or more is at risk when the chance of an order within the horizon has fallen under half of
what it was on the day of their last order. A weekly buyer gets there within weeks, a yearly one not for months.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from algorithms.risk.cadence import Forecast, forecast
from algorithms.risk.orders import WEEK, Orders, count_after

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

FALLEN: Final = 0.5
EVIDENT: Final = 0.95
"""A lapse is evident to everybody once a silence is longer than this share of all gaps between orders."""
STEP: Final = 30


@dataclass(frozen=True, slots=True)
class Replay:
    """`flagged`: alarms over all days replayed; `precision`: the share after which no order came within the horizon.

    `precision_of_silence`: the same of as many clients who had been silent longest; `no_order`: of all who had ordered
    twice. `lead_days`: the median of how long before the lapse was evident a right alarm was first raised.
    """

    days: int
    flagged: int
    precision: float
    precision_of_silence: float
    no_order: float
    lead_days: float


def at_risk(found: Forecast, horizon: int) -> Flags:
    """Who is at risk, shape (n,)."""
    model, clients = found.bgnbd.model, found.bgnbd.clients
    then = -np.expm1(-(model.r + clients.x) * np.log1p(horizon / WEEK / (model.alpha + clients.t_x)))
    return np.asarray((clients.x > 0) & (found.p_order < FALLEN * then))


def replay(orders: Orders, day: int, horizon: int, step: int = STEP) -> Replay | None:
    """Ask on `day` and every `step` days after it, as long as the horizon is known; None where nobody was at risk.

    On each day nothing later is known.
    """
    told: list[tuple[int, ...]] = []
    leads: dict[tuple[str, int], float] = {}
    for now in range(day, int(orders.day.max()) - horizon + 1, step):
        found = forecast(orders, now, horizon)
        quiet = count_after(orders, found.ids, now, horizon) == 0
        repeat, flags = found.bgnbd.clients.x > 0, at_risk(found, horizon)
        silence = ((found.bgnbd.clients.age - found.bgnbd.clients.t_x) * WEEK).round()
        longest = np.argsort(np.where(repeat, -silence, np.inf), kind="stable")[: int(flags.sum())]
        told.append(
            (int(flags.sum()), *(int(quiet[rows].sum()) for rows in (flags, longest, repeat)), int(repeat.sum()))
        )
        evident = _evident(orders.until(now))
        for place in np.flatnonzero(flags & quiet).tolist():
            leads.setdefault((found.ids[place], now - int(silence[place])), evident - float(silence[place]))
    flagged, right, by_silence, none, asked = np.sum(told, axis=0).tolist() if told else [0] * 5
    if not flagged:
        return None
    lead = float(np.median(list(leads.values()))) if leads else float("nan")  # the first alarm of each silence
    return Replay(len(told), flagged, right / flagged, by_silence / flagged, none / asked, lead)


def figures(found: Replay | None) -> dict[str, float | None] | None:
    """The same for JSON; None where there is nothing to tell."""
    if found is None:
        return None
    return {name: None if np.isnan(value) else round(value, 4) for name, value in asdict(found).items()}


def _evident(past: Orders) -> float:
    gaps = np.diff(past.day)[np.diff(past.client) == 0]
    return float(np.quantile(gaps, EVIDENT))
