"""Dual prices of what binds in a box beside its budget: full categories, full colours, must-haves."""

from __future__ import annotations

import numpy as np

from algorithms.assembly.boxes import find_best_without_budget
from algorithms.assembly.model import Block, BoxWishes, Floats, Ints


def compute_constraint_duals(block: Block, priced: Floats) -> tuple[Floats, Floats]:
    """Compute the dual price (b, k) of the rules that bind beside the budget.

    Each item of a full category or colour gets a positive price, a must-have one below zero. Returns the prices and
    what they bring in (b).
    """
    picks, _ = find_best_without_budget(block, priced)
    dual, income = _price_full_groups(priced, picks, block.category, block.cap)
    wishes = block.wishes
    if wishes is None:
        return dual, income
    coloured, _ = find_best_without_budget(block, priced - dual, coloured=True)
    more, paid = _price_full_groups(priced - dual, coloured, wishes.colour, wishes.colour_cap)
    dual, income = dual + more, income + paid
    if wishes.need.any():
        more, paid = _price_must_haves(block, wishes, priced - dual)
        dual, income = dual + more, income + paid
    return dual, income


def _price_full_groups(priced: Floats, picks: Ints, table: Ints, cap: Ints) -> tuple[Floats, Floats]:
    """Price full categories or colours: by how much the best item shut out beats the best item still allowed."""
    kinds = np.where(picks >= 0, np.take_along_axis(table, np.maximum(picks, 0), 1), -2)
    outside = np.isfinite(priced)
    rows, turns = np.nonzero(picks >= 0)
    outside[rows, picks[rows, turns]] = False
    full = (kinds[:, :, None] == kinds[:, None, :]).sum(2) >= cap[:, None]
    full &= kinds >= 0
    first = ~np.tril(kinds[:, :, None] == kinds[:, None, :], -1).any(2)
    members = [(table == kinds[:, turn, None]) & (full & first)[:, turn, None] for turn in range(picks.shape[1])]
    shut = np.logical_or.reduce(members)
    level = np.where(outside & ~shut, priced, 0.0).max(1, initial=0.0)
    dual, income = np.zeros(priced.shape), np.zeros(len(priced))
    for member in members:
        dearest = np.where(member & outside, priced, -np.inf).max(1)
        rate = np.maximum(dearest - level, 0.0)
        dual = np.where(member, rate[:, None], dual)
        income += rate * cap
    return dual, income


def _price_must_haves(block: Block, wishes: BoxWishes, priced: Floats) -> tuple[Floats, Floats]:
    """Price must-haves below zero, by what the best item of each lacks to get a slot.

    Only where a client can have all of them.
    """
    picks, _ = find_best_without_budget(block, priced)
    dual, income = np.zeros(priced.shape), np.zeros(len(priced))
    outside = np.isfinite(priced)
    rows, turns = np.nonzero(picks >= 0)
    outside[rows, picks[rows, turns]] = False
    level = np.where(outside, priced, 0.0).max(1, initial=0.0)
    left = wishes.must & np.isfinite(priced)
    every = np.zeros(len(priced), np.int64)
    groups = []
    while left.any():
        kind = np.where(left, block.category, -1).max(1)
        members = left & (block.category == kind[:, None])
        groups.append(members)
        every += members.any(1)
        left &= ~members
    all_of_them = every == wishes.need
    for members in groups:
        best = np.where(members, priced, -np.inf).max(1)
        lacks = np.where(all_of_them & members.any(1), np.maximum(level - best, 0.0), 0.0)
        dual = np.where(members, -lacks[:, None], dual)
        income -= lacks
    return dual, income
