"""The engagement formula: fading, crossing, order of arrival, flicker, and one function for one and for many."""

from __future__ import annotations

import random
from datetime import datetime, timedelta

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.engagement import (
    BANDS,
    EVENT_WEIGHT,
    Engagement,
    EngagementRules,
    compute_band_exit,
    compute_crossing,
    compute_score,
    compute_strength,
    find_band_index,
    score_client,
)
from models.base import utc
from models.states import Band

RULES = EngagementRules()
START = utc(2026, 1, 1)
KINDS = [*EVENT_WEIGHT, "email_opened", "order_returned"]

moments = st.integers(0, 400 * 86_400_000).map(lambda ms: START + timedelta(milliseconds=ms))
events = st.lists(st.tuples(st.sampled_from(KINDS), moments, st.integers(0, 200_000)), min_size=1, max_size=25)
rule_sets = st.builds(
    EngagementRules,
    half_life_days=st.floats(1, 400),
    recency_weight=st.floats(0, 3),
    frequency_weight=st.floats(0, 3),
    value_weight=st.floats(0, 3),
)


def add_events(rules: EngagementRules, rows: list[tuple[str, datetime, int]]) -> Engagement:
    stats = Engagement()
    for kind, at, cents in rows:
        stats = stats.add_event(rules, kind, at, cents)
    return stats


def from_definition(rules: EngagementRules, rows: list[tuple[str, datetime, int]], now: datetime) -> float:
    """The score straight from its meaning: every event fades on its own since it happened."""

    def fade(at: datetime) -> float:
        return float(2 ** (-(now - at).total_seconds() / (rules.half_life_days * 86_400)))

    orders = [(at, cents) for kind, at, cents in rows if kind == "order_placed"]
    a = rules.frequency_weight * sum(EVENT_WEIGHT.get(kind, 0.0) * fade(at) for kind, at, _ in rows)
    a += rules.value_weight * sum(fade(at) * np.log1p(cents / rules.value_scale_cents) for at, cents in orders)
    a += rules.recency_weight * max((fade(at) for at, _ in orders), default=0.0)
    return float(100 * a / (1 + a))


@given(events, rule_sets, st.floats(0, 1_000))
def test_the_score_is_what_its_definition_says(rows, rules, days):
    now = max(at for _, at, _ in rows) + timedelta(days=days)
    assert score_client(rules, add_events(rules, rows), now).score == pytest.approx(
        from_definition(rules, rows, now), abs=1e-4
    )


@given(events, st.randoms(use_true_random=False))
def test_the_order_of_arrival_does_not_matter(rows, rng: random.Random):
    shuffled = rng.sample(rows, len(rows))
    one, other = add_events(RULES, rows), add_events(RULES, shuffled)
    assert (one.anchor_at, one.last_order_at) == (other.anchor_at, other.last_order_at)
    assert one.frequency == pytest.approx(other.frequency, rel=1e-9, abs=1e-12)
    assert one.monetary == pytest.approx(other.monetary, rel=1e-9, abs=1e-12)


@given(events, st.floats(0, 500), st.floats(0.1, 500))
def test_without_events_the_score_only_falls(rows, days, more):
    stats = add_events(RULES, rows)
    assert stats.anchor_at is not None
    early = stats.anchor_at + timedelta(days=days)
    assert score_client(RULES, stats, early + timedelta(days=more)).score <= score_client(RULES, stats, early).score


def test_strength_halves_in_one_half_life():
    stats = Engagement().add_event(RULES, "order_placed", START, 5_000)
    now = score_client(RULES, stats, START).score
    later = score_client(RULES, stats, START + timedelta(days=RULES.half_life_days)).score
    assert later / (100 - later) == pytest.approx(now / (100 - now) / 2, rel=1e-4)


@given(events, rule_sets, st.sampled_from([8.0, 20.0, 40.0, 77.0]))
def test_the_crossing_is_where_the_score_equals_the_threshold(rows, rules, threshold):
    stats = add_events(rules, rows)
    assert stats.anchor_at is not None
    anchor = stats.anchor_at.timestamp()
    last = stats.last_order_at.timestamp() if stats.last_order_at else np.nan
    a = compute_strength(rules, [anchor], [stats.frequency], [stats.monetary], [last])
    at = compute_crossing(rules, [anchor], a, [threshold])
    assume(np.isfinite(at[0]) and at[0] > anchor)
    assert compute_score(rules, [anchor], a, at)[0] == pytest.approx(threshold, rel=1e-6)


@given(events, rule_sets, st.floats(0, 300))
def test_a_timer_set_for_the_crossing_finds_the_band_left_and_not_a_moment_early(rows, rules, days):
    stats = add_events(rules, rows)
    assert stats.anchor_at is not None
    now = stats.anchor_at + timedelta(days=days)
    reading = score_client(rules, stats, now)
    if reading.band is Band.LAPSED:
        assert reading.crosses_at is None
        return
    assert reading.crosses_at is not None
    assert reading.crosses_at > now
    after = score_client(rules, stats, reading.crosses_at, held=reading.band).band
    assert BANDS.index(after) == BANDS.index(reading.band) + 1
    assert reading.crosses_at.microsecond == 0
    before = reading.crosses_at - timedelta(seconds=2)
    if before > now:
        assert score_client(rules, stats, before).band is reading.band


def test_a_client_without_events_is_lapsed_at_zero():
    reading = score_client(RULES, Engagement(), START)
    assert (reading.score, reading.band, reading.crosses_at) == (0.0, Band.LAPSED, None)
    assert reading.lift_score == pytest.approx(8.8)


def test_a_reading_before_the_latest_event_counts_as_at_that_event():
    stats = Engagement().add_event(RULES, "order_placed", START, 5_000)
    assert score_client(RULES, stats, START - timedelta(minutes=4)) == score_client(RULES, stats, START)


def at_score(value: float) -> Engagement:
    """Statistics that read `value` at START."""
    return Engagement(anchor_at=START, frequency=value / (100 - value) / RULES.frequency_weight)


@pytest.mark.parametrize(
    ("value", "held", "expected"),
    [
        (41.0, Band.COOLING, Band.COOLING),  # past the threshold, short of the margin
        (44.1, Band.COOLING, Band.ACTIVE),
        (41.0, Band.ACTIVE, Band.ACTIVE),  # what is held is kept down to the threshold itself
        (39.9, Band.ACTIVE, Band.COOLING),  # and left downwards at once
        (41.0, Band.LAPSED, Band.COOLING),  # two bands up, the higher of them short of its margin
        (21.0, Band.LAPSED, Band.AT_RISK),
        (8.5, Band.LAPSED, Band.LAPSED),
        (8.9, Band.LAPSED, Band.AT_RISK),
        (41.0, None, Band.ACTIVE),
    ],
)
def test_a_band_is_left_upwards_only_past_the_margin(value, held, expected):
    assert score_client(RULES, at_score(value), START, held).band is expected


@given(st.floats(0.01, 99), st.sampled_from(BANDS))
def test_the_lift_score_is_exactly_what_moves_a_client_up(value, held):
    reading = score_client(RULES, at_score(value), START, held)
    if reading.lift_score is None:
        assert reading.band is Band.ACTIVE
        return
    higher = score_client(RULES, at_score(reading.lift_score * 1.0001), START, reading.band).band
    lower = score_client(RULES, at_score(reading.lift_score * 0.9999), START, reading.band).band
    assert BANDS.index(higher) < BANDS.index(reading.band)
    assert BANDS.index(lower) >= BANDS.index(reading.band)


@given(st.lists(events, min_size=1, max_size=8), rule_sets, st.floats(0, 200))
def test_many_clients_at_once_read_the_same_as_each_alone(histories, rules, days):
    now = START + timedelta(days=300 + days)
    stats = [add_events(rules, rows) for rows in histories]
    anchor = np.array([s.anchor_at.timestamp() for s in stats if s.anchor_at])
    last = np.array([s.last_order_at.timestamp() if s.last_order_at else np.nan for s in stats])
    a = compute_strength(rules, anchor, [s.frequency for s in stats], [s.monetary for s in stats], last)
    scores = compute_score(rules, anchor, a, now.timestamp())
    index = find_band_index(rules, scores)
    crosses = compute_band_exit(rules, anchor, a, index)
    for i, alone in enumerate(score_client(rules, s, now) for s in stats):
        assert scores[i] == pytest.approx(alone.score, abs=1e-4)
        assert BANDS[index[i]] is alone.band
        assert (alone.crosses_at.timestamp() if alone.crosses_at else None) == (
            None if np.isnan(crosses[i]) else crosses[i]
        )


@pytest.mark.parametrize("wrong", [{"half_life_days": 0}, {"cooling_from": 50.0}, {"lift_margin": 0.9}])
def test_rules_that_make_no_sense_are_refused(wrong):
    with pytest.raises(ValidationError):
        EngagementRules(**wrong)
