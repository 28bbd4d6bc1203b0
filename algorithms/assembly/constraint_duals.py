"""Dual prices of what binds in a box beside its budget: full categories, full colours, must-haves."""

from __future__ import annotations

import numpy as np

from algorithms.assembly.boxes import best_without_budget
from algorithms.assembly.model import Block, Floats, Ints, Wishes


def tolls(block: Block, priced: Floats) -> tuple[Floats, Floats]:
    """The dual prices of what binds beside the budget: a toll on each item (b, k) of a full category or colour, and a
    reward on must-haves, which is a toll below zero. Also what they bring in (b)."""
    picks, _ = best_without_budget(block, priced)
    toll, income = _full(priced, picks, block.category, block.cap)
    wishes = block.wishes
    if wishes is None:
        return toll, income
    coloured, _ = best_without_budget(block, priced - toll, coloured=True)
    more, paid = _full(priced - toll, coloured, wishes.colour, wishes.colour_cap)
    toll, income = toll + more, income + paid
    if wishes.need.any():
        more, paid = _rewards(block, wishes, priced - toll)
        toll, income = toll + more, income + paid
    return toll, income


def _full(priced: Floats, picks: Ints, table: Ints, cap: Ints) -> tuple[Floats, Floats]:
    """Tolls of full categories or colours: how much better the best item shut out is than the best free to come."""
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
    toll, income = np.zeros(priced.shape), np.zeros(len(priced))
    for member in members:
        dearest = np.where(member & outside, priced, -np.inf).max(1)
        rate = np.maximum(dearest - level, 0.0)
        toll = np.where(member, rate[:, None], toll)
        income += rate * cap
    return toll, income


def _rewards(block: Block, wishes: Wishes, priced: Floats) -> tuple[Floats, Floats]:
    """Rewards of must-haves, where a client can have all of them: so much as the best of each lacks to be seated."""
    picks, _ = best_without_budget(block, priced)
    toll, income = np.zeros(priced.shape), np.zeros(len(priced))
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
        toll = np.where(members, -lacks[:, None], toll)
        income -= lacks
    return toll, income
