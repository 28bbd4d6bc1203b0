"""The bandit learns which items bring something, tries what it does not know, and says how likely it shows what."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from algorithms.ranking import state
from algorithms.ranking.session_bandit import SessionBandit

TRUTH = np.array([0.5, -0.4, 0.2, 0.0])


def lived(rounds: int, seed: int = 2) -> tuple[SessionBandit, np.ndarray]:
    """A bandit after so many sessions of ten items, and the regret of each over the best item."""
    rng, bandit, regret = np.random.default_rng(seed), SessionBandit(len(TRUTH)), []
    for _ in range(rounds):
        items = rng.normal(size=(10, len(TRUTH)))
        shown = int(bandit.rank(items, rng)[0])
        mean = items @ TRUTH
        bandit.observe(items[[shown]], np.array([mean[shown] + 0.3 * rng.normal()]))
        regret.append(mean.max() - mean[shown])
    return bandit, np.array(regret)


def test_regret_falls_to_a_fraction_of_where_it_began() -> None:
    _, regret = lived(400)
    assert regret[-100:].mean() < 0.15 * regret[:10].mean()


def test_an_order_holds_every_item_once_and_the_seed_decides() -> None:
    bandit, _ = lived(20)
    items = np.random.default_rng(1).normal(size=(30, len(TRUTH)))
    first, second = (bandit.rank(items, np.random.default_rng(9)) for _ in range(2))
    assert sorted(first.tolist()) == list(range(30))
    assert first.tolist() == second.tolist()


def test_propensities_are_those_of_the_draws() -> None:
    bandit, _ = lived(30)
    items, rng = np.random.default_rng(1).normal(size=(5, len(TRUTH))), np.random.default_rng(3)
    told = bandit.propensities(items, rng, 4_000)
    shown = np.bincount([bandit.rank(items, rng)[0] for _ in range(4_000)], minlength=5) / 4_000
    assert told.sum() == pytest.approx(1)
    assert told == pytest.approx(shown, abs=0.03)


def test_what_it_knows_less_of_it_tries_more() -> None:
    rng, young = np.random.default_rng(3), SessionBandit(len(TRUTH))
    items = rng.normal(size=(5, len(TRUTH)))
    assert young.propensities(items, rng).max() < lived(400)[0].propensities(items, rng).max()


def test_it_is_kept(tmp_path: Path) -> None:
    bandit, _ = lived(10)
    state.save(tmp_path, bandit.state())
    loaded = SessionBandit(1)
    loaded.restore(state.load(tmp_path))
    items = np.eye(len(TRUTH))
    assert np.array_equal(bandit.rank(items, np.random.default_rng(1)), loaded.rank(items, np.random.default_rng(1)))
