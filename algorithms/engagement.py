"""The built-in answer of the slots `engagement` and `risk` for many clients at once; one client is a batch of one."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from algorithms.risk import recency_rate
from algorithms.risk.kept import Kept
from algorithms.risk.recency_rate import Orders, Population
from algorithms.risk.served import MANY, RiskModel
from domain.arrays import Flags, Floats, Ints
from domain.engagement import DAY, EngagementRules, band_index, next_crossing, score, strength
from domain.histories import Histories
from domain.rhythm import FALLEN, GONE

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
    """Where every client stands at `now` (epoch seconds) and what to expect of the next `horizon_days`.

    By engagement and `recency_rate`; `in_rhythm` puts a learnt risk model in its place.
    """
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


def in_rhythm(
    rules: EngagementRules, some: Histories, now: float, model: RiskModel, horizon_days: float, plain: Assessed
) -> Assessed:
    """The same with what `model` says of those who ordered, and bands and crossings as `domain.rhythm` has them."""
    answer = Assessed(*(getattr(plain, field.name).copy() for field in fields(plain)))
    buyers = np.flatnonzero(some.orders > 0)
    for start in range(0, len(buyers), CHUNK):
        rows = buyers[start : start + CHUNK]
        kept = Kept(some.orders[rows], some.first_order[rows] / DAY, some.last_order[rows] / DAY, some.value[rows])
        answer.p_alive[rows] = model.told(kept, now / DAY).p_alive
        answer.expected_orders[rows] = model.expected_orders(kept, now / DAY, horizon_days)
        repeats = kept.rhythm(now / DAY).x > 0
        _in_own_rhythm(rules, some, now, model, answer, rows[repeats], kept.part(repeats))
    return answer


def _in_own_rhythm(
    rules: EngagementRules, some: Histories, now: float, model: RiskModel, answer: Assessed, rows: Ints, kept: Kept
) -> None:
    """Bands and crossings of those with a rhythm; `rows`: their places."""
    a = strength(rules, some.anchor[rows], some.frequency[rows], some.monetary[rows], some.last_order[rows])
    faded = np.stack([next_crossing(rules, some.anchor[rows], a, np.full(len(rows), place)) for place in range(3)])
    turns = np.vstack([faded, np.ceil(model.falls(kept, (FALLEN, GONE), MANY).T * DAY + 0.5)])
    held = answer.band[rows]
    band = _band_at(turns, held, np.full(len(rows), now))
    later = np.sort(np.where(turns > now, turns, np.nan), axis=0)  # NaN comes last
    crosses = np.full(len(rows), np.nan)
    for turn in later[::-1]:
        left = ~np.isnan(turn) & (_band_at(turns, held, turn) != band)
        crosses = np.where(left, turn, crosses)
    answer.band[rows], answer.next_crossing[rows] = band, crosses


def _band_at(turns: Floats, held: Ints, then: Floats) -> Ints:
    """`domain.rhythm.in_rhythm` for many: rows of `turns` are the three fadings, the fall and the going."""
    come: Flags = turns <= then
    faded = np.maximum(held, come[:3].sum(axis=0))
    return np.where(come[4] & (faded == 3), 3, np.where(come[3], 2, np.minimum(faded, 1)))


def _in_days(some: Histories) -> Orders:
    return Orders(some.orders, some.first_order / DAY, some.last_order / DAY, some.signed_up / DAY)
