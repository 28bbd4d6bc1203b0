"""The repair: in the end nobody has a better box from what they hold and what is left."""

from __future__ import annotations

import numpy as np
import pytest

from algorithms.assembly.checks import find_faults, find_lacking_clients
from algorithms.assembly.exact import find_best_box
from algorithms.assembly.model import Wave, build_blocks
from algorithms.assembly.repair import count_left, repair_boxes
from tests.algorithms.waves import draw_wave
from tests.algorithms.wishes import draw_wave_with_wishes


def find_gains(wave: Wave, chosen: np.ndarray) -> list[float]:
    """What each client could gain by a box of their own items and those left."""
    left, gains = count_left(wave, chosen), []
    for block in build_blocks(wave):
        for row in range(len(block.clients)):
            one = block.select(np.array([row]))
            own = chosen[one.candidate] & np.isfinite(one.score)
            worth = np.where(own | (left[one.sku] > 0), one.score, -np.inf)
            box = find_best_box(one, worth)
            gains.append(float(worth[0, box].sum() - one.score[0, own[0]].sum()))
    return gains


@pytest.mark.parametrize("seed", range(12))
def test_after_the_repair_nobody_gains_by_what_is_left(seed):
    wave = draw_wave(seed, 15, 8, 12)
    rng = np.random.default_rng(seed)
    begun = np.zeros(len(wave.sku), np.bool_)
    for candidate in rng.permutation(wave.find_eligible()):  # some boxes that keep the rules
        begun[candidate] = True
        if find_faults(wave, np.flatnonzero(begun)) or rng.random() < 0.5:
            begun[candidate] = False
    before = begun.copy()
    chosen = repair_boxes(wave, build_blocks(wave), begun)
    assert (begun == before).all()
    assert find_faults(wave, np.flatnonzero(chosen)) == []
    assert wave.score[chosen].sum() >= wave.score[begun].sum()
    assert (count_left(wave, chosen) >= 0).all()
    assert max(find_gains(wave, chosen)) <= 1e-6
    assert (repair_boxes(wave, build_blocks(wave), chosen) == chosen).all()


@pytest.mark.parametrize("seed", range(6))
def test_with_wishes_the_repair_from_nothing_leaves_nobody_without_what_they_must_have(seed):
    wave = draw_wave_with_wishes(seed, 12)
    chosen = np.flatnonzero(repair_boxes(wave, build_blocks(wave), np.zeros(len(wave.sku), np.bool_)))
    assert find_faults(wave, chosen) == []
    assert find_lacking_clients(wave, chosen).tolist() == []
