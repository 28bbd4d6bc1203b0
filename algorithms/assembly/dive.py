"""From prices to boxes: who is sure of a box gets it, prices follow what is left, and a small exact programme over
the offers of the undecided ends it."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from algorithms.assembly.model import Bools, Floats, Ints
from algorithms.assembly.offers import Offers, refined

SURE: Final = 0.95
AT_LEAST: Final = 0.12
"""Of the undecided, so many are decided a round even when none is sure."""
TURNS: Final = 16
UNDECIDED: Final = 100
"""So few are left to the exact programme."""
FEW: Final = 30
"""Offers a client in the exact programme, the best at the last prices; fewer clients have more each, up to:"""
TOGETHER: Final = 1_000
GAP, NODES = 5e-4, 5
"""Where the exact programme may stop. Never by the clock: the answer must not depend on how fast the machine is."""


def dive(every: Offers, prices: Floats, stock: Ints, step: float) -> tuple[Offers, Ints]:
    """At most one offer a client within the stock (s); returns them and what is left of the stock."""
    left, chosen = stock.copy(), [every.part(np.zeros(0, np.int64))]
    undecided = every
    while True:
        undecided = undecided.part(available(undecided, left))
        begins = undecided.begins()
        if len(begins) <= UNDECIDED:
            break
        now = refined(undecided, prices, left, TURNS, step)
        prices = now.prices
        sure = _surest(begins, now.often)
        taken = undecided.part(sure[_first_come(undecided.part(sure), left)])
        chosen.append(taken)
        left = left - taken.used(len(left))
        undecided = undecided.part(~np.isin(undecided.client, taken.client))
    last = _exact(undecided, prices, left)
    chosen.append(last)
    return _together(chosen), left - last.used(len(left))


def available(some: Offers, left: Ints) -> Bools:
    """Offers of which every item is still there (c)."""
    there: Bools = np.r_[left > 0, True][some.goods].all(1)
    return there


def _surest(begins: Ints, often: Floats) -> Ints:
    """The offer chosen most often of each client who is sure, or of a part of the clients; the surest first."""
    ends = np.r_[begins[1:], len(often)]
    most = np.maximum.reduceat(often, begins)
    places = np.where(often == np.repeat(most, ends - begins), np.arange(len(often)), len(often))
    best = np.minimum.reduceat(places, begins)
    order = np.argsort(-most, kind="stable")
    return best[order[: max(int((most >= SURE).sum()), int(AT_LEAST * len(begins)), 1)]]


def _first_come(some: Offers, left: Ints) -> Bools:
    """Which of them can be had when served in order; an offer refused does not make place for a later one."""
    goods = some.goods.ravel()
    order = np.argsort(goods, kind="stable")
    begins = np.flatnonzero(np.r_[True, goods[order][1:] != goods[order][:-1]])
    rank = np.empty(len(goods), np.int64)
    rank[order] = np.arange(len(goods)) - np.repeat(begins, np.diff(np.r_[begins, len(goods)]))
    enough = np.r_[left, len(goods)]
    served: Bools = (rank < enough[goods]).reshape(some.goods.shape).all(1)
    return served


def _exact(some: Offers, prices: Floats, left: Ints) -> Offers:
    """The best choice among each client's best offers, by HiGHS."""
    if not len(some):
        return some
    some = some.part(_few(some, prices))
    offer, place = np.nonzero(some.goods < len(left))
    clients, client_row = np.unique(some.client, return_inverse=True)
    skus, sku_row = np.unique(some.goods[offer, place], return_inverse=True)
    rows = np.r_[client_row, len(clients) + sku_row]
    columns = np.r_[np.arange(len(some)), offer]
    table = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(clients) + len(skus), len(some)))
    limits = np.r_[np.ones(len(clients)), left[skus]]
    solved = milp(
        -some.score,
        constraints=LinearConstraint(table, -np.inf, limits),
        integrality=np.ones(len(some)),
        bounds=Bounds(0, 1),
        options={"mip_rel_gap": GAP, "node_limit": NODES},
    )
    if solved.x is not None:
        return some.part(solved.x > 0.5)
    return _one_by_one(some, left)


def _few(some: Offers, prices: Floats) -> Ints:
    worth = some.score - np.r_[prices, 0.0][some.goods].sum(1)
    order = np.lexsort((-worth, some.client))
    begins = some.begins()
    rank = np.arange(len(some)) - np.repeat(begins, np.diff(np.r_[begins, len(some)]))
    return np.sort(order[rank < max(FEW, TOGETHER // max(1, len(begins)))])


def _one_by_one(some: Offers, left: Ints) -> Offers:
    """Should the solver come to no answer in its nodes: the best offer still there, client after client."""
    there, chosen = left.copy(), []
    for begin, end in zip(some.begins(), np.r_[some.begins()[1:], len(some)], strict=True):
        mine = some.part(np.arange(begin, end))
        can = np.flatnonzero(available(mine, there))
        if len(can):
            chosen.append(begin + can[mine.score[can].argmax()])
            there = there - some.part(np.array(chosen[-1:])).used(len(there))
    return some.part(np.array(chosen, np.int64))


def _together(chosen: list[Offers]) -> Offers:
    names = ("client", "goods", "candidates", "score")
    return Offers(*(np.concatenate([getattr(each, name) for each in chosen]) for name in names))
