"""Choose the must-have categories that a box can contain: as many as possible, at the least cost."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import accumulate
from typing import TypeVar

from models.slots import AssemblyQuestion, Piece

Kind = TypeVar("Kind", bound=Hashable)


def cover_must_haves(question: AssemblyQuestion) -> list[Piece]:
    """Choose one piece of each must-have category that the box can contain.

    No box within the limits covers more categories, and none that covers as many costs less.
    """
    wanted = set(question.must_have)
    cap = question.item_cap_cents
    fit = [piece for piece in question.pieces if piece.category in wanted and (cap is None or piece.price_cents <= cap)]
    indexes = choose_cheapest(
        [piece.category for piece in fit],
        [piece.colour or None for piece in fit],
        [piece.price_cents for piece in fit],
        question.slots,
        question.budget_cents,
        question.colour_cap,
    )
    return [fit[index] for index in indexes]


def choose_cheapest(
    kinds: Sequence[Kind],
    colours: Sequence[Hashable | None],
    prices: Sequence[int],
    slots: int,
    budget: int | None,
    colour_cap: int | None,
) -> list[int]:
    """Return the indexes of pieces of as many `kinds` as fit into slots, budget and colour cap, one of each, at least
    cost.

    A colour of None is no colour.
    """
    best: dict[tuple[Kind, Hashable | None], int] = {}
    for index in sorted(range(len(kinds)), key=lambda index: prices[index]):
        best.setdefault((kinds[index], colours[index]), index)
    firsts: dict[Kind, int] = {}
    for (kind, _), index in best.items():
        firsts.setdefault(kind, index)
    if colour_cap is not None and len(firsts) > colour_cap:
        return _assign_by_colour(best, prices, slots, budget, colour_cap)
    indexes = list(firsts.values())
    costs = accumulate(prices[index] for index in indexes)
    return [index for index, cost in zip(indexes[:slots], costs, strict=False) if budget is None or cost <= budget]


def _assign_by_colour(
    best: dict[tuple[Kind, Hashable | None], int], prices: Sequence[int], slots: int, budget: int | None, cap: int
) -> list[int]:
    """Choose under a binding colour cap, by a linear assignment of kinds to the slots of each colour.

    Fewer kinds are tried by adding empty slots.
    """
    import numpy as np  # noqa: PLC0415
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415

    kinds = list(dict.fromkeys(kind for kind, _ in best))
    seats = [colour for colour in dict.fromkeys(colour for _, colour in best) if colour is not None] * cap
    seats_free = [None] * len(kinds)
    every = [*seats, *seats_free]
    never = 1.0 + 2.0 * sum(prices[index] for index in best.values())
    table = np.array([[prices[best[kind, c]] if (kind, c) in best else never for c in every] for kind in kinds])
    for count in range(min(slots, len(kinds)), 0, -1):
        nowhere = np.full((len(kinds), len(kinds) - count), -never)  # all taken, also where pieces cost nothing
        costs = np.hstack([table, nowhere])
        rows, columns = linear_sum_assignment(costs)
        real = [(kinds[row], every[column]) for row, column in zip(rows, columns, strict=True) if column < len(every)]
        cost = sum(never if pair not in best else prices[best[pair]] for pair in real)
        if cost < never and (budget is None or cost <= budget):
            return [best[pair] for pair in real]
    return []
