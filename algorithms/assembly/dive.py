"""From prices to boxes, by a diving heuristic.

Clients whose box is certain get it, and prices follow the stock that is left. When few clients are undecided, a small
integer programme over their offers decides.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, milp

from algorithms.assembly.model import Bools, Floats, Ints
from algorithms.assembly.offers import Offers, refine_prices

SURE: Final = 0.95
AT_LEAST: Final = 0.12
"""The share of the undecided clients who are decided in a round even when none is sure."""
TURNS: Final = 16
UNDECIDED: Final = 40
"""The most clients that are left to the integer programme."""
FEW: Final = 30
"""Offers for each client in the integer programme, the best at the last prices; few clients get more, up to:"""
TOGETHER: Final = 600
GAP, NODES = 5e-4, 5
"""Where the integer programme may stop. Never by the clock: the result must not depend on how fast the machine is."""


def dive(every: Offers, prices: Floats, stock: Ints, step: float) -> tuple[Offers, Ints]:
    """Choose at most one offer for each client within the stock (s).

    Returns the chosen offers and what is left of the stock. `step` of the prices is in units of score.
    """
    left, chosen = stock.copy(), [every.select(np.zeros(0, np.int64))]
    undecided = every
    while True:
        undecided = undecided.select(find_available(undecided, left))
        starts = undecided.find_starts()
        if len(starts) <= UNDECIDED:
            break
        refinement = refine_prices(undecided, prices, left, TURNS, step)
        prices = refinement.prices
        sure = _choose_surest(starts, refinement.often)
        taken = undecided.select(sure[_admit_in_order(undecided.select(sure), left)])
        chosen.append(taken)
        left = left - taken.count_units(len(left))
        undecided = undecided.select(~np.isin(undecided.client, taken.client))
    last = _solve_exactly(undecided, prices, left)
    chosen.append(last)
    return _concatenate(chosen), left - last.count_units(len(left))


def find_available(offers: Offers, left: Ints) -> Bools:
    """Mark the offers (c) of which every item is still in stock."""
    there: Bools = np.r_[left > 0, True][offers.goods].all(1)
    return there


def _choose_surest(starts: Ints, often: Floats) -> Ints:
    """Choose the most frequent offer of each client who is sure, or of a share of the clients; the surest first."""
    ends = np.r_[starts[1:], len(often)]
    most = np.maximum.reduceat(often, starts)
    indices = np.where(often == np.repeat(most, ends - starts), np.arange(len(often)), len(often))
    best = np.minimum.reduceat(indices, starts)
    order = np.argsort(-most, kind="stable")
    return best[order[: max(int((most >= SURE).sum()), int(AT_LEAST * len(starts)), 1)]]


def _admit_in_order(offers: Offers, left: Ints) -> Bools:
    """Mark the offers that the stock allows when served in order; a refused one makes no room for a later one."""
    goods = offers.goods.ravel()
    order = np.argsort(goods, kind="stable")
    starts = np.flatnonzero(np.r_[True, goods[order][1:] != goods[order][:-1]])
    rank = np.empty(len(goods), np.int64)
    rank[order] = np.arange(len(goods)) - np.repeat(starts, np.diff(np.r_[starts, len(goods)]))
    enough = np.r_[left, len(goods)]
    served: Bools = (rank < enough[goods]).reshape(offers.goods.shape).all(1)
    return served


def _solve_exactly(offers: Offers, prices: Floats, left: Ints) -> Offers:
    """Solve the choice among each client's best offers as an integer programme, by HiGHS."""
    if not len(offers):
        return offers
    offers = offers.select(_choose_best_offers(offers, prices))
    offer, index = np.nonzero(offers.goods < len(left))
    clients, client_row = np.unique(offers.client, return_inverse=True)
    skus, sku_row = np.unique(offers.goods[offer, index], return_inverse=True)
    rows = np.r_[client_row, len(clients) + sku_row]
    columns = np.r_[np.arange(len(offers)), offer]
    table = sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape=(len(clients) + len(skus), len(offers)))
    limits = np.r_[np.ones(len(clients)), left[skus]]
    solved = milp(
        -offers.score,
        constraints=LinearConstraint(table, -np.inf, limits),
        integrality=np.ones(len(offers)),
        bounds=Bounds(0, 1),
        options={"mip_rel_gap": GAP, "node_limit": NODES},
    )
    if solved.x is not None:
        return offers.select(solved.x > 0.5)
    return _take_in_order(offers, left)


def _choose_best_offers(offers: Offers, prices: Floats) -> Ints:
    worth = offers.score - np.r_[prices, 0.0][offers.goods].sum(1)
    order = np.lexsort((-worth, offers.client))
    starts = offers.find_starts()
    rank = np.arange(len(offers)) - np.repeat(starts, np.diff(np.r_[starts, len(offers)]))
    return np.sort(order[rank < max(FEW, TOGETHER // max(1, len(starts)))])


def _take_in_order(offers: Offers, left: Ints) -> Offers:
    """Take the best offer still in stock, client after client; used where the solver found no solution."""
    there, chosen = left.copy(), []
    for begin, end in zip(offers.find_starts(), np.r_[offers.find_starts()[1:], len(offers)], strict=True):
        own = offers.select(np.arange(begin, end))
        can = np.flatnonzero(find_available(own, there))
        if len(can):
            chosen.append(begin + can[own.score[can].argmax()])
            there = there - offers.select(np.array(chosen[-1:])).count_units(len(there))
    return offers.select(np.array(chosen, np.int64))


def _concatenate(chosen: list[Offers]) -> Offers:
    names = ("client", "goods", "candidates", "score")
    return Offers(*(np.concatenate([getattr(part, name) for part in chosen]) for name in names))
