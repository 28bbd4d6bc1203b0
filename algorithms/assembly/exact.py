"""One box alone, to its optimum."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np

from algorithms.assembly.boxes import good_boxes
from algorithms.assembly.model import NO_LIMIT, Block, Floats, Ints, Wave, Wishes, blocks
from algorithms.assembly.near import LOOSE, near_boxes
from algorithms.assembly.solver import by_solver
from algorithms.assembly.variety import Variety, with_needs

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
    """Places of the items whose summed score is greatest. Shapes (k); money in cents; None: no limit.

    Past so many `nodes` a solver takes over."""

    def limit(value: int | None) -> Ints:
        return np.array([NO_LIMIT if value is None else value])

    count = len(scores)
    wave = Wave(
        np.array([slots]), limit(budget), limit(item_cap), limit(category_cap), np.ones(count, np.int64),
        np.zeros(count, np.int64), np.arange(count), categories, prices, scores,
    )  # fmt: skip
    if variety is not None:
        wishes = Wishes(variety.colours, limit(variety.colour_cap), variety.must, np.zeros(1, np.int64))
        wave = with_needs(replace(wave, wishes=wishes))
    parts = blocks(wave)
    return np.sort(parts[0].candidate[0, best_box(parts[0], parts[0].score, nodes)]) if parts else np.zeros(0, np.int64)


def best_box(block: Block, worth: Floats, nodes: int = NODES) -> Ints:
    """Places in the row of the one client's best box by `worth` (1, k). Past so many `nodes` a solver takes over."""
    good = good_boxes(block, worth)
    if good.upper[0] <= good.worth[0] + LOOSE:
        return _there(good.picks[0])
    near = near_boxes(block, worth, good, np.array([-2 * LOOSE]), nodes)
    if near.upper[0] > max(near.worth.max(initial=0.0), good.worth[0]) + 3 * LOOSE:
        return by_solver(block, worth)
    return _there(near.picks[near.worth.argmax()] if len(near.worth) else good.picks[0])


def _there(picks: Ints) -> Ints:
    return picks[picks >= 0]
