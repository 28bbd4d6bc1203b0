"""The lift told of a campaign: right on worlds whose lift is known, however often one looks; silent on too few."""

from __future__ import annotations

import math
from datetime import timedelta

import numpy as np
import pytest

from domain.campaign_lift import DAY_S, MIN_ARM_CLIENTS, EnrolmentOutcomes, HoldoutPolicy, measure_lift
from models.base import utc

START = utc(2026, 3)
TERMS = HoldoutPolicy("spring", 0.2, 14)


def world(seed: int, n: int, base: float, lift: float, days: float = 30.0) -> EnrolmentOutcomes:
    """Clients enrolled over `days`; the treated order `lift` more often. What they spend follows what they spent."""
    rng = np.random.default_rng(seed)
    control = rng.random(n) < TERMS.control_share
    ordered = rng.random(n) < np.where(control, base, base * (1 + lift))
    before = rng.gamma(1.0, 8_000.0, n)
    cents = np.round(ordered * (before + rng.gamma(4.0, 1_000.0, n)))
    at = START.timestamp() + np.sort(rng.random(n)) * days * DAY_S
    return EnrolmentOutcomes(control, at, ordered.astype(np.float64), cents, before, rng.random(n) < base)


def test_a_known_lift_lies_within_at_all_looks_of_nineteen_in_twenty_worlds() -> None:
    missed = missed_revenue = 0
    for seed in range(100):
        all_of_it, wrong, wrong_revenue = world(seed, 3_000, 0.2, 0.25), False, False
        spend = 0.2 * 0.25 * (8_000 + 4_000)
        for day in range(20, 46, 8):
            result = measure_lift(all_of_it, TERMS, START + timedelta(days=day))
            if result.conversion is None or result.revenue is None:
                continue
            wrong |= not result.conversion.low <= 0.05 <= result.conversion.high
            wrong_revenue |= not result.revenue.low <= spend <= result.revenue.high
        missed, missed_revenue = missed + wrong, missed_revenue + wrong_revenue
    assert missed <= 9
    assert missed_revenue <= 9


def test_a_large_lift_is_told_beyond_chance() -> None:
    result = measure_lift(world(1, 20_000, 0.1, 0.5), TERMS, START + timedelta(days=60))
    assert result.enough
    assert result.conversion is not None
    assert result.conversion.low > 0
    assert result.conversion.p_value < 0.05
    assert result.conversion.p_better > 0.999
    assert result.conversion.lift == pytest.approx(0.5, abs=0.15)
    assert "beyond chance" in result.said
    assert result.revenue is not None
    assert result.revenue.low > 0
    assert result.revenue_said.endswith("beyond chance.")
    assert 0.02 < result.variance_removed < 0.9
    assert result.shows is not None
    assert 0.0 < result.shows < 0.5


def test_only_windows_that_are_over_count() -> None:
    everyone = world(2, 4_000, 0.1, 0.0)
    early = measure_lift(everyone, TERMS, START + timedelta(days=24))
    late = measure_lift(everyone, TERMS, START + timedelta(days=44))
    arms = early.treated, early.control
    assert sum(arm.clients for arm in arms) == int((everyone.at + 14 * DAY_S <= START.timestamp() + 24 * DAY_S).sum())
    assert sum(arm.clients + arm.waiting for arm in arms) == 4_000
    assert (late.treated.waiting, late.control.waiting) == (0, 0)
    assert late.control.ordered == int((everyone.orders[everyone.control] > 0).sum())
    assert late.treated.revenue_cents == int(everyone.cents[~everyone.control].sum())


def test_a_point_of_the_series_is_what_was_told_that_day() -> None:
    everyone = world(3, 3_000, 0.2, 0.2)
    result = measure_lift(everyone, TERMS, START + timedelta(days=60))
    assert 5 < len(result.series) <= 40
    assert result.series == tuple(sorted(result.series, key=lambda point: point.at))
    point = result.series[len(result.series) // 2]
    then = measure_lift(everyone, TERMS, point.at + timedelta(seconds=1)).conversion
    assert then is not None
    assert (then.value, then.low, then.high) == pytest.approx((point.value, point.low, point.high))
    last = result.conversion
    assert last is not None
    assert (result.series[-1].value, result.series[-1].low) == pytest.approx((last.value, last.low))


@pytest.mark.parametrize("n", [0, 1, 60, 450])
def test_too_few_are_told_so_and_how_many_it_takes(n: int) -> None:
    result = measure_lift(world(4, n, 0.1, 0.5), TERMS, START + timedelta(days=60))
    assert (result.enough, result.conversion, result.revenue, result.series) == (False, None, None, ())
    assert result.said.startswith("Too few to tell")
    if n >= 60:
        assert result.needed is not None
        assert 2_000 < result.needed < 50_000
        assert f"{result.needed:,} clients" in result.said


def test_no_number_of_clients_is_named_from_a_share_that_says_nothing() -> None:
    result = measure_lift(world(4, 400, 0.0, 0.0), TERMS, START + timedelta(days=60))
    assert result.needed is None
    assert result.said.endswith("too few ordered before to say how many it takes.")


def test_nobody_ordering_or_everybody_is_no_certainty() -> None:
    everyone = world(5, 2_000, 0.0, 0.0)
    assert everyone.control.sum() >= MIN_ARM_CLIENTS
    none = measure_lift(everyone, TERMS, START + timedelta(days=60)).conversion
    assert none is not None
    assert (none.value, none.lift) == (0.0, None)
    assert none.low < 0 < none.high
    every = measure_lift(world(6, 2_000, 1.0, 0.0), TERMS, START + timedelta(days=60)).conversion
    assert every is not None
    assert every.low < 0 < every.high


def test_where_nobody_is_held_out_nothing_is_claimed() -> None:
    everyone = world(7, 500, 0.1, 0.5).select(np.ones(500, np.bool_))
    everyone.control[:] = False
    result = measure_lift(everyone, HoldoutPolicy("spring", 0.0, 14), START + timedelta(days=60))
    assert (result.treated.clients, result.conversion) == (500, None)
    assert "holds nobody out" in result.said


def test_arms_that_no_lot_makes_are_not_to_be_trusted() -> None:
    everyone = world(8, 3_000, 0.1, 0.3)
    later = START + timedelta(days=60)
    assert measure_lift(everyone, TERMS, later).balance_p > 0.001
    lost = measure_lift(everyone.select(~everyone.control | (np.arange(3_000) % 4 > 0)), TERMS, later)
    assert lost.balance_p < 0.001
    assert (lost.conversion, lost.revenue, lost.series, lost.needed) == (None, None, (), None), "the reading stops"
    assert lost.said.startswith("Not to be trusted: the arms are not of the sizes that a share of 0.2 makes")


@pytest.mark.parametrize("control", [0, 1, 20, 50])
def test_the_balance_is_that_of_the_binomial_law(control: int) -> None:
    everyone = world(9, 50, 0.1, 0.0)
    everyone.control[:] = np.arange(50) < control
    balance_p = measure_lift(everyone, TERMS, START).balance_p
    law = [math.comb(50, k) * 0.2**k * 0.8 ** (50 - k) for k in range(51)]
    assert balance_p == pytest.approx(min(1.0, 2 * min(sum(law[: control + 1]), sum(law[control:]))))


def test_a_share_that_holds_hardly_anybody_out_is_no_fault() -> None:
    result = measure_lift(world(8, 60, 0.0, 0.0), HoldoutPolicy("spring", 1e-10, 14), START + timedelta(days=60))
    assert (result.enough, result.needed) == (False, None)
