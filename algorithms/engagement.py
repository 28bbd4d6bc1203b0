"""The built-in algorithm of the slots `engagement` and `risk` for many clients at once; one client is a batch of
one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from algorithms.risk import recency_rate
from algorithms.risk.order_totals import OrderTotals
from algorithms.risk.recency_rate import OrderHistories, Population
from algorithms.risk.risk_model import MANY, RiskModel
from domain.arrays import Flags, Floats, Ints
from domain.churn_risk import AT_RISK_SHARE, LAPSED_SHARE
from domain.engagement import DAY, EngagementRules, compute_band_exit, compute_score, compute_strength, find_band_index
from domain.histories import Histories

ALGORITHM: Final = "decay+recency_rate"
CHUNK: Final = 32_768
"""Clients worked on at a time, so that a chunk's intermediate arrays stay in the processor's cache."""


@dataclass(frozen=True, slots=True)
class ClientAssessments:
    """The state of n clients, each array of shape (n,).

    `engagement` 0 to 100; `band` an index into `domain.engagement.BANDS`; `next_crossing` in epoch seconds, NaN when
    the lowest band is reached; `expected_orders` over the horizon asked for. `band_exits`, shape (3, n): when each of
    the upper bands will have been left, where an algorithm of the slot scored; None: as the formula has it.
    """

    engagement: Floats
    band: Ints
    p_alive: Floats
    expected_orders: Floats
    next_crossing: Floats
    band_exits: Floats | None = None


def fit_population(histories: Histories, now: float) -> Population:
    """Fit the constants of the population as of `now` (epoch seconds)."""
    return recency_rate.learn(_convert_to_days(histories), now / DAY)


def assess_all(
    rules: EngagementRules, histories: Histories, now: float, population: Population, horizon_days: float
) -> ClientAssessments:
    """Assess every client at `now` (epoch seconds), with forecasts over the next `horizon_days`.

    By engagement and `recency_rate`; `apply_risk_model` replaces the latter by a trained risk model.
    """
    n = len(histories)
    assessments = ClientAssessments(np.empty(n), np.empty(n, np.int64), np.empty(n), np.empty(n), np.empty(n))
    for start in range(0, n, CHUNK):
        rows = slice(start, start + CHUNK)
        _assess(rules, histories.select(rows), now, population, horizon_days, assessments, rows)
    return assessments


def _assess(
    rules: EngagementRules,
    histories: Histories,
    now: float,
    population: Population,
    horizon_days: float,
    assessments: ClientAssessments,
    rows: slice,
) -> None:
    a = compute_strength(rules, histories.anchor, histories.frequency, histories.monetary, histories.last_order)
    engagement = compute_score(rules, histories.anchor, a, now)
    band = find_band_index(rules, engagement)
    assessments.engagement[rows], assessments.band[rows] = engagement, band
    assessments.next_crossing[rows] = compute_band_exit(rules, histories.anchor, a, band)
    alive, expected = recency_rate.predict(population, _convert_to_days(histories), now / DAY, horizon_days)
    assessments.p_alive[rows], assessments.expected_orders[rows] = alive, expected


def apply_risk_model(
    rules: EngagementRules,
    histories: Histories,
    now: float,
    model: RiskModel,
    horizon_days: float,
    plain: ClientAssessments,
) -> ClientAssessments:
    """Replace the forecasts of those who ordered by those of `model`, and bands and crossings as `domain.churn_risk`
    has them."""
    assessments = ClientAssessments(
        plain.engagement,
        plain.band.copy(),
        plain.p_alive.copy(),
        plain.expected_orders.copy(),
        plain.next_crossing.copy(),
        plain.band_exits,
    )
    buyers = np.flatnonzero(histories.orders > 0)
    for start in range(0, len(buyers), CHUNK):
        rows = buyers[start : start + CHUNK]
        totals = OrderTotals(
            histories.orders[rows],
            histories.first_order[rows] / DAY,
            histories.last_order[rows] / DAY,
            histories.value[rows],
        )
        assessments.p_alive[rows] = model.forecast(totals, now / DAY).p_alive
        assessments.expected_orders[rows] = model.predict_orders(totals, now / DAY, horizon_days)
        repeats = totals.summarise(now / DAY).x > 0
        _apply_crossings(rules, histories, now, model, assessments, rows[repeats], totals.select(repeats))
    return assessments


def _apply_crossings(
    rules: EngagementRules,
    histories: Histories,
    now: float,
    model: RiskModel,
    assessments: ClientAssessments,
    rows: Ints,
    totals: OrderTotals,
) -> None:
    """Set bands and crossings of the clients at `rows`, who have a purchase rhythm."""
    exits = assessments.band_exits
    faded = compute_band_exits(rules, histories.select(rows)) if exits is None else exits[:, rows]
    turns = np.vstack([faded, np.ceil(model.predict_falls(totals, (AT_RISK_SHARE, LAPSED_SHARE), MANY).T * DAY + 0.5)])
    current = assessments.band[rows]
    band = _find_band(turns, current, np.full(len(rows), now))
    later = np.sort(np.where(turns > now, turns, np.nan), axis=0)  # NaN comes last
    crosses = np.full(len(rows), np.nan)
    for turn in later[::-1]:
        left = ~np.isnan(turn) & (_find_band(turns, current, turn) != band)
        crosses = np.where(left, turn, crosses)
    assessments.band[rows], assessments.next_crossing[rows] = band, crosses


def compute_band_exits(rules: EngagementRules, histories: Histories) -> Floats:
    """Compute when each of the three upper bands will have been left if nothing happens, in epoch seconds, shape
    (3, n)."""
    a = compute_strength(rules, histories.anchor, histories.frequency, histories.monetary, histories.last_order)
    bands = (np.full(len(histories), number) for number in range(3))
    return np.stack([compute_band_exit(rules, histories.anchor, a, band) for band in bands])


def _find_band(turns: Floats, current: Ints, then: Floats) -> Ints:
    """Find the band at `then`, as `domain.churn_risk.apply_churn_risk` does for one: rows of `turns` are the
    three fadings, the fall and the going."""
    passed: Flags = turns <= then
    faded = np.maximum(current, passed[:3].sum(axis=0))
    return np.where(passed[4] & (faded == 3), 3, np.where(passed[3], 2, np.minimum(faded, 1)))


def _convert_to_days(histories: Histories) -> OrderHistories:
    return OrderHistories(
        histories.orders, histories.first_order / DAY, histories.last_order / DAY, histories.signed_up / DAY
    )
