"""Reliability, its error and AUC, against what they are by definition."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from algorithms.risk.calibration import auc, calibration_error, reliability, shift_to_mean


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=40))
def test_auc_is_the_share_of_pairs_in_order(rows) -> None:
    came, score = np.array([row[0] for row in rows]), np.array([float(row[1]) for row in rows])
    pairs = [(x > y) + (x == y) / 2 for x in score[came] for y in score[~came]]
    result = auc(came, score)
    assert result == pytest.approx(np.mean(pairs)) if pairs else np.isnan(result)


def test_probabilities_that_mean_what_they_say_have_little_error_and_others_much() -> None:
    rng = np.random.default_rng(5)
    chance = rng.uniform(0, 1, 50_000)
    came = rng.random(50_000) < chance
    assert calibration_error(came, chance) < 0.01
    assert calibration_error(came, chance / 2) == pytest.approx(0.25, abs=0.01)


def test_bins_are_of_equal_count_and_rising() -> None:
    chance = np.random.default_rng(1).uniform(0, 1, 1_003)
    bins = reliability(chance > 0.5, chance)
    assert {bin_.clients for bin_ in bins} == {100, 101}
    assert [bin_.predicted for bin_ in bins] == sorted(bin_.predicted for bin_ in bins)


@given(st.lists(st.floats(-8, 8), min_size=2, max_size=30), st.floats(0.01, 0.99))
def test_moved_chances_keep_their_order_and_have_the_mean_asked_for(log_odds, mean) -> None:
    moved = shift_to_mean(np.array(log_odds), mean)
    assert float(moved.mean()) == pytest.approx(mean, abs=1e-9)
    assert (np.diff(moved[np.argsort(log_odds, kind="stable")]) >= 0).all()
