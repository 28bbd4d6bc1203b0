"""The bandit learns which items bring something, tries what it does not know, and says how likely it shows what."""

from __future__ import annotations

import numpy as np
import pytest

from algorithms.sessions.bandit import DRAWS, ThompsonBandit

TRUTH = np.array([0.5, -0.4, 0.2, 0.0])


def build_untrained_bandit() -> ThompsonBandit:
    return ThompsonBandit.from_prior(np.zeros(len(TRUTH)), np.ones(len(TRUTH)), 0.3)


def train_bandit(rounds: int, seed: int = 2) -> tuple[ThompsonBandit, np.ndarray]:
    """A bandit after so many sessions of ten items, and the regret of each over the best item."""
    rng, bandit, regret = np.random.default_rng(seed), build_untrained_bandit(), []
    for _ in range(rounds):
        items = rng.normal(size=(10, len(TRUTH)))
        shown = int(bandit.sample_order(items, rng).indices[0])
        mean = items @ TRUTH
        bandit.observe(items[[shown]], np.array([mean[shown] + 0.3 * rng.normal()]))
        regret.append(mean.max() - mean[shown])
    return bandit, np.array(regret)


def test_regret_falls_to_a_fraction_of_where_it_began() -> None:
    _, regret = train_bandit(300)
    assert regret[-100:].mean() < 0.15 * regret[:10].mean()


def test_an_order_holds_every_item_once_and_the_seed_decides() -> None:
    bandit, _ = train_bandit(20)
    items = np.random.default_rng(1).normal(size=(30, len(TRUTH)))
    first, second = (bandit.sample_order(items, np.random.default_rng(9)) for _ in range(2))
    assert sorted(first.indices.tolist()) == list(range(30))
    assert (first.indices.tolist(), first.propensity) == (second.indices.tolist(), second.propensity)


def test_a_stated_chance_weighs_back_to_what_any_other_order_would_have_earned() -> None:
    """Weighed by the inverse of the chances, the first items of many draws tell each item's own reward without bias."""
    bandit, _ = train_bandit(5)
    items, rng = np.random.default_rng(1).normal(size=(4, len(TRUTH))), np.random.default_rng(3)
    n, sums = 4_000, np.zeros(4)
    for _ in range(n):
        order = bandit.sample_order(items, rng)
        assert 1 / DRAWS <= order.propensity <= 1
        sums[order.indices[0]] += 1 / order.propensity
    often = bandit.estimate_propensities(items, rng) > 0.05
    assert often.sum() > 1
    assert sums[often] / n == pytest.approx(1, abs=0.12)


def test_chances_are_those_of_the_draws() -> None:
    bandit, _ = train_bandit(30)
    items, rng = np.random.default_rng(1).normal(size=(5, len(TRUTH))), np.random.default_rng(3)
    shown = np.bincount([bandit.sample_order(items, rng).indices[0] for _ in range(2_000)], minlength=5) / 2_000
    assert bandit.estimate_propensities(items, rng) == pytest.approx(shown, abs=0.08)


def test_what_it_knows_less_of_it_tries_more() -> None:
    rng = np.random.default_rng(3)
    items = rng.normal(size=(5, len(TRUTH)))
    assert (
        build_untrained_bandit().estimate_propensities(items, rng).max()
        < train_bandit(300)[0].estimate_propensities(items, rng).max()
    )
