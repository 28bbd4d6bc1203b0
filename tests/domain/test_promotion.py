"""A challenger takes over only where it is better beyond noise."""

from __future__ import annotations

import numpy as np
import pytest

from domain.promotion import FEWEST, judged
from models.refreshes import Verdict


def better_by(mean: float, n: int = 400, spread: float = 1.0, seed: int = 5) -> np.ndarray:
    values = np.random.default_rng(seed).normal(0.0, spread, n)
    return values - values.mean() + mean


@pytest.mark.parametrize(
    ("values", "first", "verdict"),
    [
        (better_by(0.2), False, Verdict.BETTER),
        (better_by(0.2), True, Verdict.FIRST),
        (better_by(0.05), False, Verdict.NOT_BETTER),
        (better_by(0.05), True, Verdict.NOT_BETTER),
        (better_by(-0.2), False, Verdict.NOT_BETTER),
        (np.zeros(400), False, Verdict.NOT_BETTER),
        (np.ones(FEWEST), False, Verdict.BETTER),
        (np.ones(FEWEST - 1), True, Verdict.TOO_FEW),
        (np.zeros(0), True, Verdict.TOO_FEW),
        (np.ones(1), False, Verdict.TOO_FEW),
    ],
)
def test_the_interval_decides(values: np.ndarray, first: bool, verdict: Verdict) -> None:
    assert judged(values, first=first)[0] is verdict


def test_what_is_told_is_the_mean_with_its_interval() -> None:
    _, found = judged(better_by(0.2), first=False)
    assert found is not None
    assert found.value == pytest.approx(0.2)
    assert found.high - found.low == pytest.approx(2 * 1.96 / 20, rel=0.05)


def test_equals_are_seldom_taken_for_better() -> None:
    """Two and a half nights in a hundred, as the confidence says; skewed gains, such as NDCG has, among them."""
    rng = np.random.default_rng(11)
    won = [judged(rng.exponential(1.0, 200) - rng.exponential(1.0, 200), first=False)[0] for _ in range(600)]
    skewed = [judged(rng.exponential(1.0, 200) - 1.0, first=False)[0] for _ in range(600)]
    for verdicts in (won, skewed):
        assert verdicts.count(Verdict.BETTER) <= 27  # 15 are to be expected, with a deviation of 4
