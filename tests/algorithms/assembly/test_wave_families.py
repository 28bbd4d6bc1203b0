"""Waves where everybody likes the same and stock is short: bounds hold, nothing is oversold, simpler ways lose."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algorithms.assembly.checks import find_faults, find_lacking_clients
from algorithms.assembly.linear import solve_relaxation
from algorithms.assembly.model import Wave, build_blocks
from algorithms.assembly.offers import compute_bound
from algorithms.assembly.wave import assemble
from algorithms.evaluation.greedy_boxes import assemble_greedily
from bench.family_instances import FAMILIES, build_family
from bench.wave_peers import compute_linear_bound, fill_by_prices
from tests.algorithms.waves import find_best_by_solver


def keep_best_candidates(wave: Wave, count: int) -> Wave:
    """The wave with each client's first candidates alone, so that a solver ends."""
    rows = np.flatnonzero(np.arange(len(wave.client)) % 60 < count)
    columns = {name: getattr(wave, name)[rows] for name in ("client", "sku", "category", "price", "score")}
    return replace(wave, **columns, wishes=None)


@settings(max_examples=20, deadline=None)
@given(st.sampled_from(sorted(FAMILIES)), st.integers(0, 10_000))
def test_no_bound_is_below_the_optimum_and_nothing_is_oversold(name, seed):
    wave = keep_best_candidates(build_family(name, 10, seed), 8)
    wave = replace(wave, on_hand=np.minimum(wave.on_hand + seed % 2, 2))
    done, best = assemble(wave), find_best_by_solver(wave)
    assert find_faults(wave, done.chosen) == []
    assert done.bound >= best - 1e-7
    assert compute_linear_bound(wave) >= best - 1e-7
    assert best + 1e-7 >= done.objective >= 0.995 * best
    blocks = build_blocks(wave)
    if blocks:
        prices = solve_relaxation(wave, blocks).prices
        assert prices @ wave.on_hand + compute_bound(blocks, prices) >= best - 1e-7


@pytest.mark.parametrize("name", sorted(FAMILIES))
def test_the_gap_is_small_and_simpler_ways_are_not_better(name):
    wave = build_family(name, 80, 3)
    done = assemble(wave)
    assert find_faults(wave, done.chosen) == []
    assert done.gap <= 0.005
    if name != "wishes":  # simpler ways pass over must-haves
        assert done.objective >= wave.score[assemble_greedily(wave)].sum() - 1e-9
        assert done.objective >= wave.score[fill_by_prices(wave, done.prices)].sum() - 1e-9


def test_must_haves_are_given_to_as_many_as_greedy_gives_them():
    wave = build_family("wishes", 80, 3)
    lacking = len(find_lacking_clients(wave, assemble(wave).chosen))
    assert lacking <= len(find_lacking_clients(wave, assemble_greedily(wave)))
