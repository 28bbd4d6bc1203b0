"""The lift told of a campaign: right on worlds whose lift is known, however often one looks; silent on too few."""

from __future__ import annotations

import math
from datetime import timedelta

import numpy as np
import pytest

from domain.campaign_lift import DAY_S, FEWEST, Enrolled, Terms, measured
from models.base import utc

START = utc(2026, 3)
TERMS = Terms("spring", 0.2, 14)


def world(seed: int, n: int, base: float, lift: float, days: float = 30.0) -> Enrolled:
    """Clients enrolled over `days`; the treated order `lift` more often. What they spend follows what they spent."""
    rng = np.random.default_rng(seed)
    control = rng.random(n) < TERMS.control_share
    ordered = rng.random(n) < np.where(control, base, base * (1 + lift))
    before = rng.gamma(1.0, 8_000.0, n)
    cents = np.round(ordered * (before + rng.gamma(4.0, 1_000.0, n)))
    at = START.timestamp() + np.sort(rng.random(n)) * days * DAY_S
    return Enrolled(control, at, ordered.astype(np.float64), cents, before, rng.random(n) < base)


def test_a_known_lift_lies_within_at_all_looks_of_nineteen_in_twenty_worlds() -> None:
    missed = missed_revenue = 0
    for seed in range(100):
        all_of_it, wrong, wrong_revenue = world(seed, 3_000, 0.2, 0.25), False, False
        spend = 0.2 * 0.25 * (8_000 + 4_000)
        for day in range(20, 46, 8):
            found = measured(all_of_it, TERMS, START + timedelta(days=day))
            if found.conversion is None or found.revenue is None:
                continue
            wrong |= not found.conversion.low <= 0.05 <= found.conversion.high
            wrong_revenue |= not found.revenue.low <= spend <= found.revenue.high
        missed, missed_revenue = missed + wrong, missed_revenue + wrong_revenue
    assert missed <= 9
    assert missed_revenue <= 9


def test_a_large_lift_is_told_beyond_chance() -> None:
    found = measured(world(1, 20_000, 0.1, 0.5), TERMS, START + timedelta(days=60))
    assert found.enough
    assert found.conversion is not None
    assert found.conversion.low > 0
    assert found.conversion.p_value < 0.05
    assert found.conversion.p_better > 0.999
    assert found.conversion.lift == pytest.approx(0.5, abs=0.15)
    assert "beyond chance" in found.said
    assert found.revenue is not None
    assert found.revenue.low > 0
    assert 0.02 < found.variance_removed < 0.9


def test_only_windows_that_are_over_count() -> None:
    everyone = world(2, 4_000, 0.1, 0.0)
    early = measured(everyone, TERMS, START + timedelta(days=24))
    late = measured(everyone, TERMS, START + timedelta(days=44))
    arms = early.treated, early.control
    assert sum(arm.clients for arm in arms) == int((everyone.at + 14 * DAY_S <= START.timestamp() + 24 * DAY_S).sum())
    assert sum(arm.clients + arm.waiting for arm in arms) == 4_000
    assert (late.treated.waiting, late.control.waiting) == (0, 0)
    assert late.control.ordered == int((everyone.orders[everyone.control] > 0).sum())
    assert late.treated.revenue_cents == int(everyone.cents[~everyone.control].sum())


def test_a_point_of_the_series_is_what_was_told_that_day() -> None:
    everyone = world(3, 3_000, 0.2, 0.2)
    found = measured(everyone, TERMS, START + timedelta(days=60))
    assert 5 < len(found.series) <= 40
    assert found.series == tuple(sorted(found.series, key=lambda point: point.at))
    point = found.series[len(found.series) // 2]
    then = measured(everyone, TERMS, point.at + timedelta(seconds=1)).conversion
    assert then is not None
    assert (then.value, then.low, then.high) == pytest.approx((point.value, point.low, point.high))
    last = found.conversion
    assert last is not None
    assert (found.series[-1].value, found.series[-1].low) == pytest.approx((last.value, last.low))


@pytest.mark.parametrize("n", [0, 1, 60, 450])
def test_too_few_are_told_so_and_how_many_it_takes(n: int) -> None:
    found = measured(world(4, n, 0.1, 0.5), TERMS, START + timedelta(days=60))
    assert (found.enough, found.conversion, found.revenue, found.series) == (False, None, None, ())
    assert found.said.startswith("Too few to tell")
    if n >= 60:
        assert found.needed is not None
        assert 2_000 < found.needed < 50_000
        assert f"{found.needed:,} clients" in found.said


def test_nobody_ordering_or_everybody_is_no_certainty() -> None:
    everyone = world(5, 2_000, 0.0, 0.0)
    assert everyone.control.sum() >= FEWEST
    none = measured(everyone, TERMS, START + timedelta(days=60)).conversion
    assert none is not None
    assert (none.value, none.lift) == (0.0, None)
    assert none.low < 0 < none.high
    every = measured(world(6, 2_000, 1.0, 0.0), TERMS, START + timedelta(days=60)).conversion
    assert every is not None
    assert every.low < 0 < every.high


def test_where_nobody_is_held_out_nothing_is_claimed() -> None:
    everyone = world(7, 500, 0.1, 0.5).some(np.ones(500, np.bool_))
    everyone.control[:] = False
    found = measured(everyone, Terms("spring", 0.0, 14), START + timedelta(days=60))
    assert (found.treated.clients, found.conversion) == (500, None)
    assert "holds nobody out" in found.said


def test_arms_that_no_lot_makes_are_not_to_be_trusted() -> None:
    everyone = world(8, 3_000, 0.1, 0.3)
    later = START + timedelta(days=60)
    assert measured(everyone, TERMS, later).balance_p > 0.001
    lost = measured(everyone.some(~everyone.control | (np.arange(3_000) % 4 > 0)), TERMS, later)
    assert lost.balance_p < 0.001
    assert lost.said.startswith("Not to be trusted: the arms are not of the sizes that a share of 0.2 makes")


@pytest.mark.parametrize("control", [0, 1, 20, 50])
def test_the_balance_is_that_of_the_binomial_law(control: int) -> None:
    everyone = world(9, 50, 0.1, 0.0)
    everyone.control[:] = np.arange(50) < control
    told = measured(everyone, TERMS, START).balance_p
    law = [math.comb(50, k) * 0.2**k * 0.8 ** (50 - k) for k in range(51)]
    assert told == pytest.approx(min(1.0, 2 * min(sum(law[: control + 1]), sum(law[control:]))))


def test_a_share_that_holds_hardly_anybody_out_is_no_fault() -> None:
    found = measured(world(8, 60, 0.0, 0.0), Terms("spring", 1e-10, 14), START + timedelta(days=60))
    assert (found.enough, found.needed) == (False, None)
