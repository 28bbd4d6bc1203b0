"""Weights are found where they are known, and stay where they began where nothing speaks."""

from __future__ import annotations

import numpy as np
import pytest

from algorithms.ranking import stacking
from algorithms.ranking.stacking import Choices


def choices(targets: int, weights: list[float]) -> Choices:
    rng = np.random.default_rng(5)
    parts = []
    for _ in range(targets):
        signals = rng.normal(size=(30, len(weights))).astype(np.float32)
        likely = np.exp(signals @ np.array(weights))
        taken = np.zeros(30, np.bool_)
        taken[rng.choice(30, p=likely / likely.sum())] = True
        parts.append(Choices(signals, taken, np.zeros(1, np.int64), np.ones(1, np.int64)))
    return Choices.concatenate(parts)


def test_known_weights_are_found() -> None:
    found = stacking.fit_weights(choices(4_000, [1.0, -0.5, 0.0]), np.zeros(3), hold=0.0)
    assert found == pytest.approx([1.0, -0.5, 0.0], abs=0.08)


def test_little_evidence_moves_little() -> None:
    begin = np.array([0.3, 0.3, 0.3])
    few, many = (np.abs(stacking.fit_weights(choices(n, [1.0, -0.5, 0.0]), begin) - begin).sum() for n in (10, 2_000))
    assert few < 0.5 * many
