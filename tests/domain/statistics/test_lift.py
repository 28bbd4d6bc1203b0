"""Lift, CUPED, intervals at every look, posteriors: held to how often they are right."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.statistics import bayes, cuped, lift, sequential
from errors import BadInput

ROUNDS = 1_000


def test_shares_are_covered_in_difference_and_in_lift() -> None:
    rng = np.random.default_rng(1)
    treated, control = rng.binomial(400, 0.06, ROUNDS), rng.binomial(300, 0.04, ROUNDS)
    lifts = [lift.compare_shares(a, 400, b, 300) for a, b in zip(treated.tolist(), control.tolist(), strict=True)]
    assert 0.935 <= np.mean([result.difference.low <= 0.02 <= result.difference.high for result in lifts]) <= 0.975
    assert 0.935 <= np.mean([result.relative.low <= 0.5 <= result.relative.high for result in lifts]) <= 0.98


def test_means_and_ratios_are_covered_and_chance_alone_is_rarely_taken_for_more() -> None:
    rng = np.random.default_rng(2)
    means, ratios, alarms = [], [], 0
    for _ in range(ROUNDS // 2):
        orders = rng.poisson(2.0, (2, 300)) + 1.0
        spent = rng.gamma(2.0, 10.0, (2, 300)) * orders * np.array([[1.1], [1.0]])
        mean, ratio = (
            lift.compare_means(spent[0], spent[1]),
            lift.compare_ratios(spent[0], orders[0], spent[1], orders[1]),
        )
        means.append(mean.relative.low <= 0.1 <= mean.relative.high)
        ratios.append(ratio.relative.low <= 0.1 <= ratio.relative.high)
        alarms += lift.compare_ratios(spent[0] / 1.1, orders[0], spent[1], orders[1]).p_value < 0.05
    assert 0.925 <= np.mean(means) <= 0.975
    assert 0.925 <= np.mean(ratios) <= 0.975
    assert 0.03 <= alarms / (ROUNDS // 2) <= 0.075


@given(st.integers(1, 50), st.integers(1, 50), st.data())
def test_a_lift_and_its_intervals_agree_on_the_direction(n, m, data) -> None:
    a, b = data.draw(st.integers(0, n)), data.draw(st.integers(0, m))
    result = lift.compare_shares(a, n, b, m)
    for value, low, high in (result.difference, result.relative):
        assert low <= value + 1e-9
        assert value <= high + 1e-9
    back = lift.compare_shares(b, m, a, n)
    assert back.difference.low == pytest.approx(-result.difference.high)
    assert 0 <= result.p_value <= 1


def test_nothing_in_the_control_leaves_the_lift_of_means_open() -> None:
    result = lift.compare_means(np.array([1.0, 2.0, 3.0]), np.zeros(3))
    assert (result.relative.low, result.relative.high) == (-np.inf, np.inf)
    assert result.difference.value == pytest.approx(2.0)


def test_cuped_keeps_the_mean_and_takes_the_variance_that_was_foretold() -> None:
    rng = np.random.default_rng(3)
    before = rng.normal(size=(20_000, 2))
    outcome = 3 + before @ [0.6, 0.3] + rng.normal(size=20_000)
    result = cuped.adjust(outcome, before)
    assert result.outcome.mean() == pytest.approx(outcome.mean())
    assert result.removed == pytest.approx(0.45 / 1.45, abs=0.02)
    assert result.outcome.var() == pytest.approx((1 - result.removed) * outcome.var())
    assert cuped.adjust(outcome, rng.normal(size=20_000)).removed < 0.001


def test_an_interval_that_is_watched_all_the_time_still_holds_and_a_plain_one_does_not() -> None:
    rng = np.random.default_rng(4)
    late, plain = 0, 0
    for _ in range(400):
        a, b = rng.exponential(1.0, (2, 2_000))
        looks = [_look(a[:n], b[:n]) for n in range(100, 2_001, 50)]
        late += any(look.difference.low > 0 or look.difference.high < 0 for look in looks)
        plain += any(lift.compare_means(a[:n], b[:n]).p_value < 0.05 for n in range(100, 2_001, 50))
        assert any(look.p_value < 0.05 for look in looks) == any(
            look.difference.low > 0 or look.difference.high < 0 for look in looks
        )
    assert late / 400 <= 0.05
    assert plain / 400 >= 0.15


def test_a_watched_test_sees_what_is_there() -> None:
    rng = np.random.default_rng(5)
    a, b = rng.normal(0.2, 1.0, 4_000), rng.normal(0.0, 1.0, 4_000)
    assert _look(a, b).difference.low > 0
    assert _look(a, b).p_value < 0.001


def _look(a, b) -> sequential.Look:
    arms = [sequential.Sample(len(arm), float(arm.mean()), float(arm.var(ddof=1))) for arm in (a, b)]
    return sequential.compare_arms(arms[0], arms[1], narrowest_at=2_000)


def test_the_posterior_of_shares_is_that_of_draws() -> None:
    rng = np.random.default_rng(6)
    p, q = rng.beta(1 + 45, 1 + 355, 400_000), rng.beta(1 + 30, 1 + 370, 400_000)
    result = bayes.compare_shares(45, 400, 30, 400)
    assert result.p_better == pytest.approx((p > q).mean(), abs=0.003)
    assert result.loss == pytest.approx(np.maximum(q - p, 0).mean(), rel=0.05)
    assert result.difference[1:] == pytest.approx(np.quantile(p - q, [0.025, 0.975]), abs=0.002)


def test_the_posterior_of_means_shrinks_to_what_was_thought() -> None:
    flat, shrunk = bayes.compare_means(0.3, 0.2), bayes.compare_means(0.3, 0.2, prior_spread=0.2)
    assert flat.difference.value == pytest.approx(0.3)
    assert shrunk.difference.value == pytest.approx(0.15)
    assert shrunk.p_better < flat.p_better
    draws = np.random.default_rng(7).normal(0.3, 0.2, 400_000)
    assert flat.loss == pytest.approx(np.maximum(-draws, 0).mean(), rel=0.05)


@pytest.mark.parametrize(
    "asked",
    [
        lambda: lift.compare_shares(5, 4, 0, 3),
        lambda: lift.compare_shares(0, 0, 0, 3),
        lambda: lift.compare_means(np.array([1.0]), np.zeros(3)),
        lambda: lift.compare_ratios(np.ones(3), np.zeros(3), np.ones(3), np.ones(3)),
        lambda: cuped.adjust(np.ones(5), np.ones(4)),
        lambda: sequential.sample_share(3, 1),
        lambda: bayes.compare_shares(1, 2, 1, 2, prior=(0.0, 1.0)),
        lambda: bayes.compare_means(0.1, 0.0),
    ],
)
def test_what_cannot_be_is_refused(asked) -> None:
    with pytest.raises(BadInput):
        asked()
