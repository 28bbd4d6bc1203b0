"""Off-policy estimates against a world whose policies' values are known."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from domain.arrays import Floats
from domain.statistics.intervals import mean_interval
from domain.statistics.off_policy import doubly_robust, ips, snips
from errors import BadInput

LIKING = np.array([[0.02, 0.04, 0.09, 0.16], [0.12, 0.08, 0.03, 0.02]])  # chance of a click by context and action
LOGGING = np.array([[0.4, 0.3, 0.2, 0.1], [0.1, 0.4, 0.3, 0.2]])
TARGET = np.array([[0.1, 0.1, 0.3, 0.5], [0.6, 0.2, 0.1, 0.1]])
TRUE = float((TARGET * LIKING).sum(axis=1).mean())


class Log(NamedTuple):
    reward: Floats
    logged: Floats
    target: Floats
    q_logged: Floats
    v_target: Floats


def simulate_log(seed: int, n: int = 2_000, foretold: Floats = LIKING) -> Log:
    rng = np.random.default_rng(seed)
    context = rng.integers(0, 2, n)
    action = (rng.random(n)[:, None] > LOGGING[context].cumsum(axis=1)).sum(axis=1)
    reward = (rng.random(n) < LIKING[context, action]).astype(np.float64)
    v_target = (TARGET * foretold).sum(axis=1)[context]
    return Log(reward, LOGGING[context, action], TARGET[context, action], foretold[context, action], v_target)


def estimate_all(seed: int):
    log = simulate_log(seed)
    return {"ips": ips(*log[:3]), "snips": snips(*log[:3]), "doubly_robust": doubly_robust(*log)}


def test_intervals_hold_the_truth_as_often_as_they_say_and_the_doubly_robust_is_the_narrowest() -> None:
    worlds = [estimate_all(seed) for seed in range(400)]
    for name in ("ips", "snips", "doubly_robust"):
        holds = np.mean([world[name].low <= TRUE <= world[name].high for world in worlds])
        assert 0.92 <= holds <= 0.98, name
        assert np.mean([world[name].value for world in worlds]) == pytest.approx(TRUE, rel=0.02)
    spread = {name: np.std([world[name].value for world in worlds]) for name in worlds[0]}
    assert spread["doubly_robust"] < spread["ips"]


def test_the_doubly_robust_stands_a_wrong_forecast_while_propensities_are_right() -> None:
    wrong = [doubly_robust(*simulate_log(seed, foretold=LIKING[::-1] * 3)).value for seed in range(300)]
    assert np.mean(wrong) == pytest.approx(TRUE, rel=0.03)


def test_a_policys_own_log_gives_its_mean_reward() -> None:
    log = simulate_log(1)
    for estimate in (ips(log.reward, log.logged, log.logged), snips(log.reward, log.logged, log.logged)):
        assert estimate.value == pytest.approx(log.reward.mean())
        assert estimate.effective_n == pytest.approx(2_000)
        assert estimate.enough


def test_few_rewards_or_uneven_weights_raise_the_alarm() -> None:
    log = simulate_log(2, 300)
    assert not ips(*log[:3]).enough  # some 30 clicks, unevenly weighted
    rare = np.full(5_000, 1.0)
    rare[7] = 1e-4
    assert not ips(np.ones(5_000), rare, np.full(5_000, 0.5)).enough


def test_no_reward_at_all_is_no_certainty() -> None:
    none = snips(np.zeros(1_000), np.full(1_000, 0.5), np.full(1_000, 0.5))
    assert (none.value, none.low, none.enough) == (0.0, 0.0, False)
    assert none.high == pytest.approx(0.0037, abs=0.0001)
    never = snips(np.ones(10), np.full(10, 0.5), np.zeros(10))
    assert (never.effective_n, never.enough) == (0.0, False)


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("reward", {"reward": np.array([np.nan, 1.0])}),
        ("reward", {"reward": np.array([1.0])}),
        ("logged", {"logged": np.array([0.0, 1.0])}),
        ("target", {"target": np.array([0.5, 1.5])}),
        ("target", {"target": np.array([0.5])}),
    ],
)
def test_what_cannot_be_is_refused_by_name(field: str, change: dict[str, Floats]) -> None:
    right = {"reward": np.zeros(2), "logged": np.full(2, 0.5), "target": np.full(2, 0.5)}
    with pytest.raises(BadInput) as refused:
        ips(**(right | change))
    assert refused.value.field == field


def test_skewed_means_are_covered_where_the_normal_interval_is_not() -> None:
    rng = np.random.default_rng(3)
    samples = rng.lognormal(0.0, 1.5, (2_000, 60))
    true = float(np.exp(1.5**2 / 2))
    corrected = np.mean([low <= true <= high for _, low, high in map(mean_interval, samples)])
    error = 1.96 * samples.std(axis=1, ddof=1) / np.sqrt(60)
    plain = np.mean(np.abs(samples.mean(axis=1) - true) <= error)
    assert corrected > plain + 0.03
