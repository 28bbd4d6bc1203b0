"""Dual prices of full categories, full colours and must-haves: no box undercuts their bound, and it is a close one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from algorithms.assembly.boxes import find_good_boxes, take_picked
from algorithms.assembly.constraint_duals import compute_constraint_duals
from algorithms.assembly.model import Block, Floats, build_blocks
from algorithms.assembly.near import find_near_boxes
from tests.algorithms.wishes import draw_wave_with_wishes


def list_blocks(seeds: range, *, must: bool = True, coloured: bool = True) -> Iterator[Block]:
    """Blocks without budgets, so that only categories, colours and must-haves bind."""
    for seed in seeds:
        for block in build_blocks(draw_wave_with_wishes(seed, 30)):
            assert block.wishes is not None
            wishes = replace(
                block.wishes,
                need=block.wishes.need if must else np.zeros_like(block.wishes.need),
                colour_cap=block.wishes.colour_cap if coloured else np.full_like(block.wishes.colour_cap, 99),
            )
            yield replace(block, wishes=wishes, budget=np.full_like(block.budget, 10**6))


def sum_best(block: Block, worth: Floats) -> Floats:
    """The most that the items could be worth, by slots alone."""
    best = -np.sort(-np.maximum(worth, 0), axis=1)
    summed: Floats = np.where(np.arange(worth.shape[1]) < block.slots[:, None], best, 0).sum(1)
    return summed


@pytest.mark.parametrize("seed", range(15))
def test_no_box_saves_more_by_the_prices_than_they_bring_in(seed):
    for block in list_blocks(range(seed, seed + 1)):
        dual, income = compute_constraint_duals(block, block.score)
        near = find_near_boxes(block, block.score, find_good_boxes(block, block.score), np.full(len(block.slots), 0.4))
        paid = take_picked(np.where(np.isfinite(block.score), dual, 0.0)[near.row], near.picks).sum(1)
        assert (paid <= income[near.row] + 1e-9).all()
        assert len(near.row) > len(block.slots)


@pytest.mark.parametrize(
    ("must", "coloured", "close"),
    [(False, False, 1.0001), (False, True, 1.0035), (True, False, 1.0085), (True, True, 1.018)],
    ids=["categories", "colours", "must-haves", "all"],
)
def test_the_bound_at_the_prices_is_close_where_that_of_the_slots_alone_is_far(must, coloured, close):
    best = priced = bare = 0.0
    for block in list_blocks(range(30), must=must, coloured=coloured):
        dual, income = compute_constraint_duals(block, block.score)
        near = find_near_boxes(
            block, block.score, find_good_boxes(block, block.score), np.zeros(len(block.slots)), 9_000
        )
        best += near.upper.sum()
        priced += (sum_best(block, block.score - dual) + income).sum()
        bare += sum_best(block, block.score).sum()
    assert best - 1e-9 <= priced < close * best < bare
