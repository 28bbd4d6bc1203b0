"""The engagement score: decayed recency, frequency and value of a client's events, in closed form.

All three parts decay with one half-life h, so their weighted sum is a single exponential, and the moment at which the
score crosses a band threshold is known exactly, without search:

    a(t)  = 2^(-(t - T)/h) * (w_f * F + w_m * M + w_r * 2^(-(T - L)/h))
    score = 100 * a / (1 + a)
    t*    = T + h * log2(a(T) / a*)         where a* = s* / (100 - s*)

T is the client's latest event, F and M are the decayed sums of event weights and of log(1 + value / scale) at T, and L
is the latest order. Adding an event, early or late, keeps the sums exact and takes constant time.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final

import numpy as np
from numpy.typing import ArrayLike
from pydantic import Field, model_validator

from domain.arrays import Floats, Ints
from models.base import Contract
from models.states import Band

DAY: Final = 86_400.0
FORMULA: Final = "decayed-rfv/2"
"""The name of the formula above in stored assessments. Raise its number with every change."""

EVENT_WEIGHT: Final[Mapping[str, float]] = {
    "order_placed": 1.0,
    "order_returned": 0.8,
    "fix_requested": 0.8,
    "fix_feedback": 0.5,
    "quiz_answered": 0.5,
    "added_to_cart": 0.3,
    "wishlisted": 0.3,
    "email_clicked": 0.2,
    "item_clicked": 0.1,
    "searched": 0.1,
    "item_viewed": 0.05,
}
"""What an event that counts (`domain.counted_events`) adds to F. `order_returned` is an order that came back whole: it
shows interest as a request for a Fix does, but is no order. Events not listed here do not count as engagement."""


class EngagementRules(Contract):
    """The constants of the score. The thresholds are the lowest scores of the three upper bands."""

    half_life_days: float = Field(default=45.0, gt=0, le=3_650)
    """Stored sums were faded with the half-life of their time, until `selvedge train engagement`."""
    recency_weight: float = Field(default=1.0, ge=0)
    frequency_weight: float = Field(default=0.5, ge=0)
    value_weight: float = Field(default=0.3, ge=0)
    value_scale_cents: int = Field(default=5_000, gt=0)
    active_from: float = Field(default=40.0, gt=0, lt=100)
    cooling_from: float = Field(default=20.0, gt=0, lt=100)
    at_risk_from: float = Field(default=8.0, gt=0, lt=100)
    lift_margin: float = Field(default=1.1, ge=1)
    """A score must exceed a threshold by this factor before the client moves up, so that bands do not flicker."""

    @model_validator(mode="after")
    def _check_thresholds(self) -> EngagementRules:
        if not self.at_risk_from < self.cooling_from < self.active_from:
            raise ValueError("at_risk_from, cooling_from and active_from must rise in this order")
        return self

    @property
    def thresholds(self) -> tuple[tuple[Band, float], ...]:
        """The bands with their lowest score, best first."""
        return (
            (Band.ACTIVE, self.active_from),
            (Band.COOLING, self.cooling_from),
            (Band.AT_RISK, self.at_risk_from),
            (Band.LAPSED, 0.0),
        )


class Engagement(Contract):
    """One client's sufficient statistics. `frequency` and `monetary` are F and M at `anchor_at`, the last event."""

    anchor_at: datetime | None = None
    frequency: float = 0.0
    monetary: float = 0.0
    last_order_at: datetime | None = None

    def add_event(self, rules: EngagementRules, kind: str, at: datetime, value_cents: int = 0) -> Engagement:
        """Return the statistics with one more event. Events may arrive in any order."""
        anchor = max(self.anchor_at or at, at)
        fade_old = 0.0 if self.anchor_at is None else _decay(rules, (anchor - self.anchor_at).total_seconds())
        fade_new = _decay(rules, (anchor - at).total_seconds())
        is_order = kind == "order_placed"
        last_order = max(self.last_order_at or at, at) if is_order else self.last_order_at
        spend = float(np.log1p(max(value_cents, 0) / rules.value_scale_cents)) if is_order else 0.0
        return Engagement(
            anchor_at=anchor,
            frequency=self.frequency * fade_old + EVENT_WEIGHT.get(kind, 0.0) * fade_new,
            monetary=self.monetary * fade_old + spend * fade_new,
            last_order_at=last_order,
        )


def _decay(rules: EngagementRules, seconds: float) -> float:
    return float(2.0 ** (-seconds / (rules.half_life_days * DAY)))


def compute_strength(
    rules: EngagementRules,
    anchor: ArrayLike,
    frequency: ArrayLike,
    monetary: ArrayLike,
    last_order: ArrayLike,
) -> Floats:
    """Compute a(T), shape (n,). Times are epoch seconds, NaN where there is no event or no order."""
    anchor, last = np.asarray(anchor, np.float64), np.asarray(last_order, np.float64)
    fresh = np.exp2((last - anchor) / (rules.half_life_days * DAY))
    recency = np.where(np.isnan(fresh), 0.0, fresh)
    return (
        rules.recency_weight * recency
        + rules.frequency_weight * np.asarray(frequency, np.float64)
        + rules.value_weight * np.asarray(monetary, np.float64)
    )


def compute_score(rules: EngagementRules, anchor: ArrayLike, at_anchor: ArrayLike, now: ArrayLike) -> Floats:
    """Compute the engagement score, 0 to 100, shape (n,), at `now` (epoch seconds) from strengths `at_anchor` = a(T).

    A `now` before T counts as T: clocks differ a little, and that must not raise a score.
    """
    age = np.fmax(np.asarray(now, np.float64) - np.asarray(anchor, np.float64), 0.0)  # no anchor, no age
    a = np.asarray(at_anchor, np.float64) * np.exp2(-age / (rules.half_life_days * DAY))
    return np.asarray(100.0 * a / (1.0 + a), np.float64)


def compute_crossing(rules: EngagementRules, anchor: ArrayLike, at_anchor: ArrayLike, threshold: ArrayLike) -> Floats:
    """Compute when the score falls to `threshold`, in epoch seconds, shape (n,); NaN where it never does."""
    level = np.asarray(threshold, np.float64) / (100.0 - np.asarray(threshold, np.float64))
    with np.errstate(divide="ignore", invalid="ignore"):
        at = np.asarray(anchor, np.float64) + rules.half_life_days * DAY * np.log2(
            np.asarray(at_anchor, np.float64) / level
        )
    return np.where(np.isfinite(at), at, np.nan)


def find_band_index(rules: EngagementRules, scores: ArrayLike) -> Ints:
    """Find the band of each score: 0 active, 1 cooling, 2 at risk, 3 lapsed; shape (n,)."""
    edges = np.array([rules.at_risk_from, rules.cooling_from, rules.active_from])
    return 3 - np.searchsorted(edges, np.asarray(scores, np.float64), side="right").astype(np.int64)


def compute_band_exit(rules: EngagementRules, anchor: ArrayLike, at_anchor: ArrayLike, index: ArrayLike) -> Floats:
    """Compute when the score will have left the band `index` downwards, in whole epoch seconds, shape (n,); NaN if
    never.

    Half a second is added: far more than the rounding error of the formula, and too little to matter. So a timer set
    for this moment always finds the band left.
    """
    lowest = np.array([level for _, level in rules.thresholds])[np.asarray(index)]
    return np.ceil(compute_crossing(rules, anchor, at_anchor, lowest) + 0.5)


def compute_band_exits(rules: EngagementRules, stats: Engagement) -> tuple[datetime | None, ...]:
    """Compute when each of the three upper bands will have been left if nothing happens; None for a client without
    events."""
    if stats.anchor_at is None:
        return (None, None, None)
    anchor = stats.anchor_at.timestamp()
    last = stats.last_order_at.timestamp() if stats.last_order_at else np.nan
    a = compute_strength(rules, [anchor], [stats.frequency], [stats.monetary], [last])
    left = compute_band_exit(rules, np.repeat(anchor, 3), np.repeat(a, 3), [0, 1, 2])
    return tuple(None if np.isnan(at) else datetime.fromtimestamp(at, UTC) for at in left.tolist())


BANDS: Final = tuple(Band)


class EngagementScore(Contract):
    """One client's score at one moment, and when it falls into the next band if nothing happens."""

    score: float
    band: Band
    crosses_at: datetime | None
    lift_score: float | None
    """The score that would move the client up a band; None in the top band."""
    order_moves: bool = False
    """Whether an order calls for a new assessment whatever it does to the score."""
    band_exits: tuple[datetime, ...] | None = None
    """When each band will have been left, best first, as far as an algorithm of the slot says it; None: the formula
    says it."""
    look_again_at: datetime | None = None
    """When to assess again at the latest; None: `crosses_at` is enough."""


def choose_band_index(rules: EngagementRules, score: float, held: Band | None) -> int:
    """Choose the band of a score, an index into BANDS. From the band `held` the client moves up only beyond the lift
    margin."""
    index = int(find_band_index(rules, [score])[0])
    if held is None or index >= BANDS.index(held):
        return index
    return min(int(find_band_index(rules, [score / rules.lift_margin])[0]), BANDS.index(held))


def score_client(rules: EngagementRules, stats: Engagement, now: datetime, held: Band | None = None) -> EngagementScore:
    """Score one client at `now`.

    `held` is the current band; the client moves up from it only beyond the lift margin.
    """
    if stats.anchor_at is None:
        return EngagementScore(
            score=0.0, band=Band.LAPSED, crosses_at=None, lift_score=rules.at_risk_from * rules.lift_margin
        )
    anchor = stats.anchor_at.timestamp()
    last = stats.last_order_at.timestamp() if stats.last_order_at else np.nan
    a = compute_strength(rules, [anchor], [stats.frequency], [stats.monetary], [last])
    value = float(compute_score(rules, [anchor], a, [now.timestamp()])[0])
    index = choose_band_index(rules, value, held)
    thresholds = rules.thresholds
    crosses = compute_band_exit(rules, [anchor], a, [index])[0]
    return EngagementScore(
        score=round(value, 4),
        band=BANDS[index],
        crosses_at=None if np.isnan(crosses) else datetime.fromtimestamp(crosses, UTC),
        lift_score=None if index == 0 else thresholds[index - 1][1] * rules.lift_margin,
    )
