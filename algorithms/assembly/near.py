"""Every box worth nearly the best, for many clients at once: branch and bound, all nodes of a depth together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from algorithms.assembly.boxes import Boxes, widen_picks
from algorithms.assembly.constraint_duals import compute_constraint_duals
from algorithms.assembly.model import Block, Bools, BoxWishes, Floats, Ints

NODES: Final = 300
"""The most nodes for each client and depth. What is dropped beyond it still counts in `upper`, which stays valid."""
CELLS: Final = 4_000
"""Clients times candidates that are searched together, so that the tables stay in the processor's cache."""
LOOSE: Final = 1e-9
"""Sums of the same numbers in another order differ by less."""


@dataclass(frozen=True)
class NearBoxes:
    """Boxes worth nearly the best.

    `row` (c) of the block, `picks` (c, t) indices or -1 and `worth` (c) of every box; `upper` (b): an upper bound on
    each client's best worth, equal to the best found unless nodes had to be dropped.
    """

    row: Ints
    picks: Ints
    worth: Floats
    upper: Floats


@dataclass(frozen=True)
class _CandidateOrder:
    """The candidates of a block by priced worth, best first, and what the prices of budget and categories bring in."""

    order: Ints
    priced: Floats
    worth: Floats
    price: Ints
    kind: Ints
    ahead: Floats  # (b, k + 1): the priced worth of the best 0, 1, 2 ... together, none below 0
    income: Floats  # (b)
    wishes: BoxWishes | None


def find_near_boxes(block: Block, worth: Floats, good: Boxes, within: Floats, nodes: int = NODES) -> NearBoxes:
    """Find all boxes worth at least `good.worth - within` (b); a `within` below 0 asks for better ones alone."""
    abreast = max(1, CELLS // max(1, worth.shape[1]))
    parts, most = [], int(block.slots.max(initial=0))
    for start in range(0, len(worth), abreast):
        rows = np.arange(start, min(start + abreast, len(worth)))
        floor = good.worth[rows] - within[rows] - LOOSE
        parts.append((start, _search(block.select(rows), worth[rows], good.mu[rows], floor, nodes)))
    return NearBoxes(
        np.concatenate([start + part.row for start, part in parts]),
        np.concatenate([widen_picks(part.picks, most) for _, part in parts]),
        np.concatenate([part.worth for _, part in parts]),
        np.clip(np.concatenate([part.upper for _, part in parts]), good.worth, good.upper),
    )


def _search(block: Block, worth: Floats, mu: Floats, floor: Floats, nodes: int) -> NearBoxes:
    """Search by branch and bound.

    Nodes are boxes whose items stand in order of priced worth. The bound of a node with another item: what it has, that
    item, the next best for the slots left, all at the prices of budget and categories, and their income.
    """
    candidates = _sort_candidates(block, worth, mu, floor)
    most, count = int(block.slots.max()), len(worth)
    row, last, value, reduced = np.arange(count), np.full(count, -1), np.zeros(count), np.zeros(count)
    picks, spent, has = np.full((count, most), -1), np.zeros(count, np.int64), np.zeros(count, np.int64)
    need = np.zeros(count, np.int64) if candidates.wishes is None else candidates.wishes.need
    whole = (value >= floor) & (need <= 0)
    complete = [(row[whole], picks[whole], value[whole])]
    upper = np.maximum(floor, 0.0)
    for turn in range(most):
        node, item, bound = _expand_nodes(block, candidates, turn, row, last, reduced, spent, floor)
        kinds = np.where(picks[node, :turn] >= 0, candidates.kind[row[node, None], picks[node, :turn]], -2)
        alike = kinds == candidates.kind[row[node], item][:, None]
        fits, there = alike.sum(1) < block.cap[row[node]], has[node]
        if candidates.wishes is not None:
            there = there + (candidates.wishes.must[row[node], item] & ~alike.any(1))
            fits &= need[row[node]] - there <= block.slots[row[node]] - turn - 1
            fits &= _allow_colour(candidates.wishes, picks[node, :turn], row[node], item)
        node, item, bound, there = node[fits], item[fits], bound[fits], there[fits]
        keep = _prune_nodes(row[node], bound, nodes, upper)
        node, item, has = node[keep], item[keep], there[keep]
        if not len(node):
            break
        picks, row, last = picks[node], row[node], item
        picks[:, turn] = item
        value, spent = value[node] + candidates.worth[row, item], spent[node] + candidates.price[row, item]
        reduced = reduced[node] + candidates.priced[row, item]
        whole = (value >= floor[row]) & (has >= need[row])
        complete.append((row[whole], picks[whole], value[whole]))
    rows, indices, total = (np.concatenate(column) for column in zip(*complete, strict=True))
    np.maximum.at(upper, rows, total)
    return NearBoxes(
        rows, np.where(indices >= 0, candidates.order[rows[:, None], np.maximum(indices, 0)], -1), total, upper
    )


def _allow_colour(wishes: BoxWishes, picks: Ints, row: Ints, item: Ints) -> Bools:
    """Mark the pairs (c) whose item's colour may be in the box once more."""
    colour = wishes.colour[row, item]
    colours = np.where(picks >= 0, wishes.colour[row[:, None], picks], -2)
    allowed: Bools = (colour < 0) | ((colours == colour[:, None]).sum(1) < wishes.colour_cap[row])
    return allowed


def _expand_nodes(
    block: Block,
    candidates: _CandidateOrder,
    turn: int,
    row: Ints,
    last: Ints,
    reduced: Floats,
    spent: Ints,
    floor: Floats,
) -> tuple[Ints, Ints, Floats]:
    """Return the pairs of node and further item that may still reach `floor` within the budget, with their bounds."""
    width = candidates.priced.shape[1]
    indices = np.arange(width)
    free = block.slots - turn
    stop = np.minimum(indices + free[:, None], width)
    rest = np.take_along_axis(candidates.ahead, stop, 1) - np.take_along_axis(
        candidates.ahead, np.minimum(indices + 1, stop), 1
    )
    item_bound = candidates.priced + rest + (candidates.income - floor)[:, None]
    item_bound[free <= 0] = -np.inf
    bound = item_bound[row] + reduced[:, None]
    open_ = (bound >= 0) & (indices > last[:, None])
    open_ &= candidates.price[row] <= (block.budget[row] - spent)[:, None]
    node, item = np.nonzero(open_)
    return node, item, bound[node, item] + floor[row[node]]


def _sort_candidates(block: Block, worth: Floats, mu: Floats, floor: Floats) -> _CandidateOrder:
    priced = worth - mu[:, None] * block.price
    dual, income = compute_constraint_duals(block, priced)
    wanted = worth > 0 if block.wishes is None else (worth > 0) | block.wishes.must
    priced = np.where(wanted, priced - dual, -np.inf)
    income += mu * block.budget
    order = np.argsort(-priced, axis=1, kind="stable")
    priced = np.take_along_axis(priced, order, 1)
    rows = np.arange(len(worth))
    best = np.maximum(priced, 0)
    together = np.where(np.arange(priced.shape[1]) < block.slots[:, None], best, 0).sum(1) + income
    # With this item inside, the bound loses the last of the best; what falls below the floor is in no box we look for.
    hope = (together - best[rows, block.slots - 1])[:, None] + priced >= floor[:, None]
    width = max(1, int(hope.sum(1).max(initial=0)), int(block.slots.max()))
    order, priced = order[:, :width], priced[:, :width]
    ahead = np.zeros((len(worth), width + 1))
    np.cumsum(np.maximum(priced, 0), axis=1, out=ahead[:, 1:])
    price, kind = (np.take_along_axis(table, order, 1) for table in (block.price, block.category))
    wishes = block.wishes
    if wishes is not None:
        colour = np.take_along_axis(wishes.colour, order, 1)
        must = np.take_along_axis(wishes.must, order, 1)
        wishes = BoxWishes(colour, wishes.colour_cap, must, wishes.need)
    return _CandidateOrder(order, priced, np.take_along_axis(worth, order, 1), price, kind, ahead, income, wishes)


def _prune_nodes(row: Ints, bound: Floats, nodes: int, upper: Floats) -> Ints:
    """Keep at most `nodes` nodes of each client, those of the greatest bound; bounds of the others go into `upper`."""
    counts = np.bincount(row, minlength=len(upper))
    if counts.max(initial=0) <= nodes:
        return np.arange(len(row))
    order = np.lexsort((-bound, row))
    rank = np.arange(len(row)) - np.repeat(np.cumsum(counts) - counts, counts)
    dropped = order[rank >= nodes]
    np.maximum.at(upper, row[dropped], bound[dropped])
    return np.sort(order[rank < nodes])
