"""One client's best box, exactly."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from algorithms.assembly.boxes import find_good_boxes
from algorithms.assembly.model import NO_LIMIT, Block, BoxWishes, Floats, Ints, Wave, build_blocks
from algorithms.assembly.near import LOOSE, find_near_boxes
from algorithms.assembly.solver import solve_box
from algorithms.assembly.variety import Variety, count_needs

NODES: Final = 20_000


def assemble_one(
    scores: Floats,
    prices: Ints,
    categories: Ints,
    slots: int = 5,
    budget: int | None = None,
    item_cap: int | None = None,
    category_cap: int | None = None,
    variety: Variety | None = None,
    nodes: int = NODES,
) -> Ints:
    """Return the indices of the items whose summed score is greatest.

    Args:
        scores, prices, categories: shape (k); prices in cents.
        budget, item_cap, category_cap: None is no limit; money in cents.
        nodes: past so many search nodes a solver takes over.
    """

    def limit(value: int | None) -> Ints:
        return np.array([NO_LIMIT if value is None else value])

    count = len(scores)
    wave = Wave(
        np.array([slots]), limit(budget), limit(item_cap), limit(category_cap), np.ones(count, np.int64),
        np.zeros(count, np.int64), np.arange(count), categories, prices, scores,
    )  # fmt: skip
    if variety is not None:
        wishes = BoxWishes(variety.colours, limit(variety.colour_cap), variety.must, np.zeros(1, np.int64))
        wave = count_needs(replace(wave, wishes=wishes))
    parts = build_blocks(wave)
    return (
        np.sort(parts[0].candidate[0, find_best_box(parts[0], parts[0].score, nodes)])
        if parts
        else np.zeros(0, np.int64)
    )


def find_best_box(block: Block, worth: Floats, nodes: int = NODES) -> Ints:
    """Return the indices, in its row, of one client's best box by `worth` (1, k).

    Past so many search `nodes` a solver takes over.
    """
    good = find_good_boxes(block, worth)
    if good.upper[0] <= good.worth[0] + LOOSE:
        return _drop_empty(good.picks[0])
    near = find_near_boxes(block, worth, good, np.array([-2 * LOOSE]), nodes)
    if near.upper[0] > max(near.worth.max(initial=0.0), good.worth[0]) + 3 * LOOSE:
        return solve_box(block, worth)
    return _drop_empty(near.picks[near.worth.argmax()] if len(near.worth) else good.picks[0])


def _drop_empty(picks: Ints) -> Ints:
    return picks[picks >= 0]
