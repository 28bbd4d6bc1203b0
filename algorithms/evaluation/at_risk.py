"""Alarms for clients at risk against their own rhythm, and their precision when history is replayed.

A client who ordered twice or more is at risk from the day on which silence alone has taken the chance of an order
under half of its value at the last order (`domain.churn_risk`). A weekly buyer gets there within weeks, a yearly one
not for months. The replay uses the model that serves.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from algorithms.risk import risk_model
from algorithms.risk.order_totals import OrderTotals, build_totals
from algorithms.risk.orders import Orders, count_after
from algorithms.risk.recency_rate import Population
from algorithms.risk.risk_model import MANY, RiskModel
from domain.churn_risk import AT_RISK_SHARE

Flags = NDArray[np.bool_]

EVIDENT: Final = 0.95
"""A lapse is evident to anybody once a silence is longer than this share of all gaps between orders."""
STEP: Final = 30
NOBODY: Final = Population(1.0, 60.0, 0.2, 0.5, 30.0)
"""The constants of clients who never ordered: in a file of orders there are none."""


@dataclass(frozen=True, slots=True)
class Replay:
    """Figures of a replay.

    `flagged`: alarms over all days replayed; `precision`: the share after which no order came within the horizon.

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


def flag_at_risk(model: RiskModel, totals: OrderTotals, day: int) -> Flags:
    """Flag the clients at risk at the end of `day`, shape (n,)."""
    rows = np.flatnonzero(totals.summarise(float(day)).x > 0)
    flags = np.zeros(len(totals), np.bool_)
    flags[rows] = model.predict_falls(totals.select(rows), (AT_RISK_SHARE,), MANY)[:, 0] <= day
    return flags


def replay_alarms(orders: Orders, day: int, horizon: int, step: int = STEP) -> Replay | None:
    """Replay the alarms of `day` and of every `step` days after it, as long as the orders cover the horizon.

    On each day nothing later is known. Returns None where nobody was at risk.
    """
    counts: list[tuple[int, ...]] = []
    leads: dict[tuple[str, int], float] = {}
    for now in range(day, int(orders.day.max()) - horizon + 1, step):
        past = orders.until(now)
        totals = build_totals(past)
        quiet, repeat = count_after(orders, past.ids, now, horizon) == 0, totals.orders > 1
        flags = flag_at_risk(risk_model.learn(past, now, horizon, NOBODY), totals, now)
        silence = now - totals.last
        longest = np.argsort(np.where(repeat, -silence, np.inf), kind="stable")[: int(flags.sum())]
        right = (int(quiet[rows].sum()) for rows in (flags, longest, repeat))
        counts.append((int(flags.sum()), *right, int(repeat.sum())))
        evident_gap = _find_evident_gap(past)
        for index in np.flatnonzero(flags & quiet).tolist():  # the first alarm of each silence
            leads.setdefault((past.ids[index], int(totals.last[index])), evident_gap - float(silence[index]))
    flagged, right_ones, by_silence, none, repeaters = np.sum(counts, axis=0).tolist() if counts else [0] * 5
    if not flagged:
        return None
    low, middle, high = np.percentile(list(leads.values()) or [np.nan], [25, 50, 75]).tolist()
    shares = (right_ones / flagged, by_silence / flagged, none / repeaters, right_ones / none if none else float("nan"))
    return Replay(len(counts), flagged, *shares, middle, low, high)


def build_figures(result: Replay | None) -> dict[str, float | None] | None:
    """Build the figures for JSON; None without a replay."""
    if result is None:
        return None
    return {name: None if np.isnan(value) else round(value, 4) for name, value in asdict(result).items()}


def _find_evident_gap(past: Orders) -> float:
    gaps = np.diff(past.day)[np.diff(past.client) == 0]
    return float(np.quantile(gaps, EVIDENT))
