"""Waves: every rule kept, a bound that holds, a gap that is small, and the same answer each time."""

from __future__ import annotations

import numpy as np
import pytest

from algorithms.assembly.checks import count_slots, find_faults
from algorithms.assembly.dive import dive
from algorithms.assembly.model import NO_LIMIT, Wave, build_blocks
from algorithms.assembly.offers import compute_bound, find_offers
from algorithms.assembly.repair import repair_boxes
from algorithms.assembly.wave import assemble
from algorithms.evaluation.greedy_boxes import assemble_greedily, assemble_with_prices
from bench.instances import instance
from tests.algorithms.waves import draw_wave, find_best_by_solver


def replace_columns(wave: Wave, **columns) -> Wave:
    return Wave(**{**wave.__dict__, **columns})


@pytest.mark.parametrize("seed", range(25))
def test_small_waves_against_the_whole_programme(seed):
    wave = draw_wave(seed, 12, 10, 16, decimals=6 if seed % 2 else 1)
    done, best = assemble(wave), find_best_by_solver(wave)
    assert find_faults(wave, done.chosen) == []
    assert done.objective == pytest.approx(wave.score[done.chosen].sum())
    assert done.bound >= best - 1e-9
    assert best + 1e-9 >= done.objective >= 0.99 * best


@pytest.mark.parametrize("seed", range(10))
def test_any_prices_bound_the_wave(seed):
    wave = draw_wave(seed, 12, 10, 16)
    prices = np.random.default_rng(seed).exponential(0.2, len(wave.on_hand))
    assert prices @ wave.on_hand + compute_bound(build_blocks(wave), prices) >= find_best_by_solver(wave) - 1e-9


def test_the_gap_is_small_where_greedy_is_far_off():
    wave = instance(300, 50, 4)
    done = assemble(wave)
    assert find_faults(wave, done.chosen) == []
    assert done.gap <= 0.002
    assert wave.score[assemble_greedily(wave)].sum() < 0.95 * done.bound
    assert count_slots(wave, done.chosen) == (len(done.chosen), 1_500 - len(done.chosen))


def test_the_same_wave_gives_the_same_boxes():
    first, again = assemble(instance(250, 50, 9)), assemble(instance(250, 50, 9))
    assert first.chosen.tolist() == again.chosen.tolist()
    assert (first.bound, first.prices.tolist()) == (again.bound, again.prices.tolist())


def test_a_price_says_what_one_more_unit_would_bring():
    wave = instance(200, 50, 6)
    done = assemble(wave)
    dearest = int(done.prices.argmax())
    more = replace_columns(wave, on_hand=wave.on_hand + (np.arange(len(wave.on_hand)) == dearest))
    gained = assemble(more).objective - done.objective
    assert 0 < gained <= done.prices[dearest] + done.bound - done.objective + 1e-9
    nobody_wants = wave.on_hand > np.bincount(wave.sku, minlength=len(wave.on_hand))
    assert done.prices[nobody_wants].max(initial=0.0) < 0.01


@pytest.mark.parametrize(
    "columns",
    [
        {"on_hand": np.zeros(16, np.int64)},
        {"slots": np.zeros(12, np.int64)},
        {"budget": np.zeros(12, np.int64)},
        {"category_cap": np.zeros(12, np.int64)},
        {"score": np.full(120, -1.0)},
    ],
    ids=lambda columns: next(iter(columns)),
)
def test_where_nothing_can_be_had_nothing_is_chosen(columns):
    done = assemble(replace_columns(draw_wave(1, 12, 10, 16), **columns))
    assert (len(done.chosen), done.objective, done.bound, done.gap) == (0, 0.0, 0.0, 0.0)


def test_plenty_of_stock_gives_everybody_their_best():
    wave = draw_wave(5, 40, 10, 16)
    wave = replace_columns(wave, on_hand=np.full(16, 1_000))
    done = assemble(wave)
    assert done.gap == pytest.approx(0, abs=1e-9)
    assert not done.prices.any()


def test_many_clients_wanting_the_same_few_items():
    wave = draw_wave(8, 300, 6, 6)
    done = assemble(wave)
    assert find_faults(wave, done.chosen) == []
    assert done.objective >= 0.97 * done.bound


def test_the_dive_alone_keeps_to_the_stock():
    wave = instance(400, 50, 2)
    every = find_offers(build_blocks(wave), np.zeros(len(wave.on_hand)), 0.05, 400)
    given, left = dive(every, np.zeros(len(wave.on_hand)), wave.on_hand, 0.01)
    assert left.min() >= 0
    assert (wave.on_hand - given.count_units(len(left)) == left).all()
    assert len(np.unique(given.client)) == len(given.client)


def test_mending_takes_what_is_left_and_never_loses():
    wave = instance(200, 50, 3)
    empty = np.zeros(len(wave.sku), np.bool_)
    first = repair_boxes(wave, build_blocks(wave), empty)
    assert not empty.any()
    assert find_faults(wave, np.flatnonzero(first)) == []
    assert wave.score[first].sum() > 0.8 * assemble(wave).bound


def test_prices_make_single_requests_better():
    before, today = instance(300, 50, 7, day=1), instance(300, 50, 7, day=2)
    assert (before.on_hand == today.on_hand).all()
    bare = assemble_greedily(today)
    paid = assemble_with_prices(today, assemble(before).prices, float(before.score.mean()))
    assert find_faults(today, bare) == find_faults(today, paid) == []
    assert today.score[paid].sum() > 1.04 * today.score[bare].sum()


def test_checks_find_every_broken_rule():
    columns = ([2], [500], [300], [1], [1, 1, 5], [0] * 4, [0, 1, 1, 2], [0, 0, 1, 2], [200, 200, 400, 100])
    wave = replace_columns(
        draw_wave(0, 1, 1, 1), **dict(zip(Wave.__dataclass_fields__, map(np.array, columns), strict=False))
    )
    wave = replace_columns(wave, score=np.array([1.0, 1.0, 1.0, -1.0]))
    assert find_faults(wave, np.array([0])) == []
    assert [len(find_faults(wave, np.array(chosen))) for chosen in ([0, 0], [0, 1], [2], [3])] == [1, 1, 1, 1]
    assert find_faults(wave, np.array([0, 1, 2, 3])) == [
        "a box has more items than slots",
        "a box costs more than its budget",
        "an item costs more than the item cap",
        "a box has too many of one category",
        "a sku is twice in a box",
        "a sku is given more often than it is in stock",
        "an item was chosen at a negative score",
    ]


def test_where_all_candidates_are_worth_the_same():
    wave = instance(60, 20, 5)
    wave = replace_columns(wave, score=np.ones(len(wave.score)))
    done = assemble(wave)
    assert find_faults(wave, done.chosen) == []
    assert done.gap <= 0.02


def test_boxes_without_a_limit_of_slots():
    wave = instance(60, 20, 6)
    done = assemble(replace_columns(wave, slots=np.full(60, NO_LIMIT), category_cap=np.full(60, NO_LIMIT)))
    assert done.gap <= 0.03
    assert done.objective > assemble(wave).objective
