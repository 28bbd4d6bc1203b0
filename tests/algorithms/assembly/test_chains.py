"""Chains of swaps: boxes keep every rule, nothing is lost, and what one client alone cannot gain is found."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from algorithms.assembly.chains import run_chains
from algorithms.assembly.checks import find_faults, find_lacking_clients
from algorithms.assembly.linear import solve_relaxation
from algorithms.assembly.model import NO_LIMIT, Wave, build_blocks
from algorithms.assembly.swaps import NONE, find_swaps
from tests.algorithms.waves import draw_wave, find_best_by_solver
from tests.algorithms.wishes import draw_wave_with_wishes


def draw_boxes(wave: Wave, seed: int) -> np.ndarray:
    """Some boxes that keep every rule."""
    rng, begun = np.random.default_rng(seed), np.zeros(len(wave.sku), np.bool_)
    for candidate in rng.permutation(wave.find_eligible()):
        begun[candidate] = True
        if find_faults(wave, np.flatnonzero(begun)) or rng.random() < 0.5:
            begun[candidate] = False
    return begun


@pytest.mark.parametrize("seed", range(16))
def test_boxes_keep_every_rule_and_lose_nothing(seed):
    wave = draw_wave_with_wishes(seed, 12, units=2) if seed % 2 else draw_wave(seed, 15, 8, 12)
    begun = draw_boxes(wave, seed)
    before, lacking = begun.copy(), set(find_lacking_clients(wave, np.flatnonzero(begun)).tolist())
    chosen = run_chains(wave, build_blocks(wave, 5), begun, np.full(len(wave.on_hand), 0.2), 1.0)
    assert (begun == before).all()
    assert find_faults(wave, np.flatnonzero(chosen)) == []
    assert wave.score[chosen].sum() >= wave.score[begun].sum() - 1e-9
    assert set(find_lacking_clients(wave, np.flatnonzero(chosen)).tolist()) <= lacking


@pytest.mark.parametrize("length", [2, 4, 6])
def test_a_chain_down_to_the_shelf_is_found(length):
    """Client k holds item k and likes the next one more; the last one is on the shelf."""
    count = length
    client = np.repeat(np.arange(count), 2)
    sku = np.ravel([[k, k + 1] for k in range(count)])
    free = np.full(count, NO_LIMIT)
    wave = Wave(
        np.ones(count, np.int64), free, free, np.ones(count, np.int64), np.ones(count + 1, np.int64), client, sku,
        np.zeros(2 * count, np.int64), np.ones(2 * count, np.int64), np.tile([1.0, 1.1], count),
    )  # fmt: skip
    begun = np.tile([True, False], count)
    chosen = run_chains(wave, build_blocks(wave), begun, np.zeros(count + 1), 1.0)
    assert wave.score[chosen].sum() == pytest.approx(1.1 * count)


def test_two_clients_exchange_what_both_like_less():
    free = np.full(2, NO_LIMIT)
    wave = Wave(
        np.ones(2, np.int64), free, free, np.ones(2, np.int64), np.ones(2, np.int64), np.array([0, 0, 1, 1]),
        np.array([0, 1, 0, 1]), np.zeros(4, np.int64), np.ones(4, np.int64), np.array([1.0, 1.2, 1.2, 1.0]),
    )  # fmt: skip
    begun = np.array([True, False, False, True])
    assert run_chains(wave, build_blocks(wave), begun, np.ones(2), 1.0).tolist() == [False, True, True, False]


@pytest.mark.parametrize("seed", range(12))
def test_without_budgets_chains_from_the_relaxation_reach_the_optimum(seed):
    wave = replace(draw_wave(seed, 12, 8, 10), budget=np.full(12, NO_LIMIT))
    blocks = build_blocks(wave)
    relaxation = solve_relaxation(wave, blocks)
    assert find_faults(wave, np.flatnonzero(relaxation.whole)) == []
    chosen = run_chains(wave, blocks, relaxation.whole, relaxation.prices, 1.0)
    assert wave.score[chosen].sum() == pytest.approx(find_best_by_solver(wave))


@pytest.mark.parametrize("seed", range(8))
def test_swaps_are_those_that_keep_the_box_within_its_limits(seed):
    wave = draw_wave_with_wishes(seed, 6, units=3)
    chosen = draw_boxes(wave, seed)
    lacking = set(find_lacking_clients(wave, np.flatnonzero(chosen)).tolist())
    blocks, nothing = build_blocks(wave), np.zeros(len(wave.on_hand))
    found = {
        pair
        for block in blocks
        for swaps in [find_swaps(block, chosen, nothing, 9.0)]
        for pair in zip(swaps.take.tolist(), swaps.give.tolist(), strict=True)
    }
    plenty = replace(wave, on_hand=np.full(len(wave.on_hand), 99))
    for take in np.flatnonzero(~chosen):
        for give in [NONE, *np.flatnonzero(chosen & (wave.client == wave.client[take]))]:
            after = chosen.copy()
            after[take] = True
            if give != NONE:
                after[give] = False
            allowed = take in wave.find_eligible() and not find_faults(plenty, np.flatnonzero(after))
            client = int(wave.client[take])
            if client not in lacking:
                allowed &= client not in find_lacking_clients(wave, np.flatnonzero(after))
                assert ((take, give) in found) == allowed
