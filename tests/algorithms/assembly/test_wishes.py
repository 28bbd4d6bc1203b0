"""Boxes with colours and must-haves: good ones, whole waves, and the checks of both."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from algorithms.assembly.boxes import find_best_without_budget, find_good_boxes, take_picked
from algorithms.assembly.checks import find_faults, find_lacking_clients
from algorithms.assembly.model import NO_LIMIT, BoxWishes, Wave, build_blocks
from algorithms.assembly.near import find_near_boxes
from algorithms.assembly.variety import check_wishes, count_must_haves, count_needs
from algorithms.assembly.wave import assemble
from tests.algorithms.wishes import COLOURS, draw_wave_with_wishes, find_best_with_wishes


@pytest.mark.parametrize("seed", range(12))
def test_a_wave_with_wishes_against_the_whole_programme(seed):
    wave = draw_wave_with_wishes(seed, 8)
    assert wave.wishes is not None
    assert wave.wishes.need.any()
    done, best = assemble(wave), find_best_with_wishes(wave)
    assert find_faults(wave, done.chosen) == []
    assert find_lacking_clients(wave, done.chosen).tolist() == [], "there is enough for everybody"
    assert done.bound >= best - 1e-9
    assert best + 1e-9 >= done.objective >= 0.99 * best


@pytest.mark.parametrize("seed", range(6))
def test_where_stock_is_short_must_haves_give_way_and_nothing_else(seed):
    wave = draw_wave_with_wishes(seed, 20, units=1)
    done = assemble(wave)
    assert find_faults(wave, done.chosen) == []
    lacking = find_lacking_clients(wave, done.chosen)
    assert len(lacking) < len(wave.slots)
    assert done.objective <= done.bound
    assert wave.wishes is not None
    free = replace(wave, wishes=replace(wave.wishes, need=np.where(np.isin(range(20), lacking), 0, wave.wishes.need)))
    assert find_best_with_wishes(free) <= done.bound + 1e-9


@pytest.mark.parametrize("seed", range(20))
def test_good_boxes_are_worth_what_is_in_them_and_keep_every_rule(seed):
    for block in build_blocks(draw_wave_with_wishes(seed, 30)):
        good = find_good_boxes(block, block.score)
        assert good.worth == pytest.approx(take_picked(block.score, good.picks).sum(1))
        assert (take_picked(block.price, good.picks).sum(1) <= block.budget).all()
        assert ((good.picks >= 0).sum(1) <= block.slots).all()
        assert check_wishes(block, good.picks).all()
        assert (good.upper >= good.worth).all()
        assert (good.mu >= 0).all()
        for picks in good.picks:
            assert len(set(picks[picks >= 0])) == (picks >= 0).sum()


def test_good_boxes_come_close_to_the_best_ones():
    good = best = 0.0
    for block in (block for seed in range(10) for block in build_blocks(draw_wave_with_wishes(seed, 30))):
        boxes = find_good_boxes(block, block.score)
        near = find_near_boxes(block, block.score, boxes, np.zeros(len(block.clients)), 5_000)
        good, best = good + boxes.worth.sum(), best + near.upper.sum()
    assert 0.995 * best < good <= best + 1e-6


@pytest.mark.parametrize("seed", range(20))
def test_the_coloured_box_without_a_budget_keeps_the_colour_cap(seed):
    for block in build_blocks(draw_wave_with_wishes(seed, 30)):
        assert block.wishes is not None
        picks, total = find_best_without_budget(block, block.score, coloured=True)
        plain, _ = find_best_without_budget(block, block.score)
        assert total == pytest.approx(take_picked(block.score, picks).sum(1))
        assert (count_must_haves(block, plain) >= block.wishes.need).all()
        for row, box in enumerate(picks):
            colours = block.wishes.colour[row, box[box >= 0]]
            counts = np.bincount(colours[colours >= 0], minlength=COLOURS)
            assert counts.max() <= block.wishes.colour_cap[row]
            left_out = np.setdiff1d(np.flatnonzero(block.score[row] > 0), box)
            if (
                block.wishes.need[row] == 0 and len(box[box >= 0]) < block.slots[row]
            ):  # room, so each of the others would break a rule
                kinds = np.bincount(block.category[row, box[box >= 0]], minlength=4)
                full = kinds[block.category[row, left_out]] >= block.cap[row]
                own = block.wishes.colour[row, left_out]
                assert (full | ((own >= 0) & (counts[own] >= block.wishes.colour_cap[row]))).all()


def build_checked_wave() -> Wave:
    """Two clients who each must have kinds 0 and 1, and may have one item of a colour."""
    wishes = BoxWishes(
        np.array([2, 2, -1, -1] * 2), np.ones(2, np.int64), np.array([1, 0, 1, 0] * 2, np.bool_), np.array([2, 1])
    )  # fmt: skip
    score = np.array([1.0, 1.0, -1.0, 1.0] * 2)
    return Wave(
        np.full(2, 4), np.full(2, 900), np.full(2, NO_LIMIT), np.full(2, 4), np.full(4, 2), np.repeat([0, 1], 4),
        np.tile(np.arange(4), 2), np.array([0, 2, 1, 2] * 2), np.full(8, 100), score, wishes,
    )  # fmt: skip


def test_checks_find_colours_and_who_lacks_a_must_have():
    wave = build_checked_wave()
    assert find_faults(wave, np.array([0, 2, 3])) == [], (
        "no colour is not a colour, and a must-have may score below zero"
    )
    assert find_faults(wave, np.array([0, 1])) == ["a box has too many of one colour"]
    assert find_faults(wave, np.array([0, 5])) == []
    assert find_lacking_clients(wave, np.array([0, 2, 4])).tolist() == []
    assert find_lacking_clients(wave, np.array([0, 2, 5])).tolist() == [1]
    assert find_lacking_clients(wave, np.array([0])).tolist() == [0, 1]
    assert find_lacking_clients(replace(wave, wishes=None), np.array([0])).tolist() == []


def test_a_need_is_counted_only_of_what_a_client_could_have_alone():
    wave = build_checked_wave()
    assert wave.wishes is not None

    def count(**columns) -> list[int]:
        counted = count_needs(replace(wave, **columns)).wishes
        assert counted is not None
        return counted.need.tolist()

    assert count() == [2, 2]
    assert count(slots=np.array([1, 4])) == [1, 2]
    assert count(budget=np.array([100, 99])) == [1, 0]
    assert count(item_cap=np.array([100, 99])) == [2, 0]
    assert count(category_cap=np.array([0, 1])) == [0, 2]
    assert count(on_hand=np.array([0, 1, 1, 1])) == [1, 1]
    assert count_needs(replace(wave, wishes=None)).wishes is None
