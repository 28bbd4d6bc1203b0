"""A challenger takes over only where it is better beyond noise."""

from __future__ import annotations

import numpy as np
import pytest

from domain.promotion import MIN_CLIENTS, judge_challenger
from models.refreshes import ChallengerVerdict


def better_by(mean: float, n: int = 400, spread: float = 1.0, seed: int = 5) -> np.ndarray:
    values = np.random.default_rng(seed).normal(0.0, spread, n)
    return values - values.mean() + mean


@pytest.mark.parametrize(
    ("values", "first", "verdict"),
    [
        (better_by(0.2), False, ChallengerVerdict.BETTER),
        (better_by(0.2), True, ChallengerVerdict.FIRST),
        (better_by(0.05), False, ChallengerVerdict.NOT_BETTER),
        (better_by(0.05), True, ChallengerVerdict.NOT_BETTER),
        (better_by(-0.2), False, ChallengerVerdict.NOT_BETTER),
        (np.zeros(400), False, ChallengerVerdict.NOT_BETTER),
        (np.ones(MIN_CLIENTS), False, ChallengerVerdict.BETTER),
        (np.ones(MIN_CLIENTS - 1), True, ChallengerVerdict.TOO_FEW),
        (np.zeros(0), True, ChallengerVerdict.TOO_FEW),
        (np.ones(1), False, ChallengerVerdict.TOO_FEW),
    ],
)
def test_the_interval_decides(values: np.ndarray, first: bool, verdict: ChallengerVerdict) -> None:
    assert judge_challenger(values, first=first)[0] is verdict


def test_what_is_told_is_the_mean_with_its_interval() -> None:
    _, interval = judge_challenger(better_by(0.2), first=False)
    assert interval is not None
    assert interval.value == pytest.approx(0.2)
    assert interval.high - interval.low == pytest.approx(2 * 1.96 / 20, rel=0.05)


def test_equals_are_seldom_taken_for_better() -> None:
    """Two and a half nights in a hundred, as the confidence says; skewed gains, such as NDCG has, among them."""
    rng = np.random.default_rng(11)
    won = [judge_challenger(rng.exponential(1.0, 200) - rng.exponential(1.0, 200), first=False)[0] for _ in range(600)]
    skewed = [judge_challenger(rng.exponential(1.0, 200) - 1.0, first=False)[0] for _ in range(600)]
    for verdicts in (won, skewed):
        assert verdicts.count(ChallengerVerdict.BETTER) <= 27  # 15 are to be expected, with a deviation of 4
