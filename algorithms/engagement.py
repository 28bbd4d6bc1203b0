"""The built-in answer of the slots `engagement` and `risk` for many clients at once; one client is a batch of one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from algorithms import recency_rate
from algorithms.recency_rate import Orders, Population
from domain.arrays import Floats, Ints
from domain.engagement import DAY, EngagementRules, band_index, next_crossing, score, strength
from domain.histories import Histories

ALGORITHM: Final = "decay+recency_rate"
CHUNK: Final = 32_768
"""Clients worked on at a time, so that a chunk's intermediate arrays stay in the processor's cache."""


@dataclass(frozen=True, slots=True)
class Assessed:
    """Where n clients stand, each of shape (n,).

    `engagement` 0 to 100; `band` an index into `domain.engagement.BANDS`; `next_crossing` in epoch seconds, NaN when
    the lowest band is reached; `expected_orders` over the horizon asked for.
    """

    engagement: Floats
    band: Ints
    p_alive: Floats
    expected_orders: Floats
    next_crossing: Floats


def learn(histories: Histories, now: float) -> Population:
    """The population's constants as of `now` (epoch seconds)."""
    return recency_rate.learn(_in_days(histories), now / DAY)


def assess_all(
    rules: EngagementRules, histories: Histories, now: float, population: Population, horizon_days: float
) -> Assessed:
    """Where every client stands at `now` (epoch seconds) and what to expect of the next `horizon_days`."""
    n = len(histories)
    answer = Assessed(np.empty(n), np.empty(n, np.int64), np.empty(n), np.empty(n), np.empty(n))
    for start in range(0, n, CHUNK):
        rows = slice(start, start + CHUNK)
        _assess(rules, histories.part(rows), now, population, horizon_days, answer, rows)
    return answer


def _assess(
    rules: EngagementRules,
    some: Histories,
    now: float,
    population: Population,
    horizon_days: float,
    answer: Assessed,
    rows: slice,
) -> None:
    a = strength(rules, some.anchor, some.frequency, some.monetary, some.last_order)
    engagement = score(rules, some.anchor, a, now)
    band = band_index(rules, engagement)
    answer.engagement[rows], answer.band[rows] = engagement, band
    answer.next_crossing[rows] = next_crossing(rules, some.anchor, a, band)
    alive, expected = recency_rate.predict(population, _in_days(some), now / DAY, horizon_days)
    answer.p_alive[rows], answer.expected_orders[rows] = alive, expected


def _in_days(some: Histories) -> Orders:
    return Orders(some.orders, some.first_order / DAY, some.last_order / DAY, some.signed_up / DAY)
