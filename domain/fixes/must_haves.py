"""Which of the categories that a box must have it can have at all: as many as can be, at the least cost."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import accumulate
from typing import TypeVar

from models.slots import AssemblyQuestion, Piece

Kind = TypeVar("Kind", bound=Hashable)


def cover(question: AssemblyQuestion) -> list[Piece]:
    """A piece of each category that can be had: no box within the limits has pieces of more of them, and none with as
    many costs less."""
    wanted = set(question.must_have)
    cap = question.item_cap_cents
    fit = [piece for piece in question.pieces if piece.category in wanted and (cap is None or piece.price_cents <= cap)]
    places = cheapest(
        [each.category for each in fit],
        [each.colour or None for each in fit],
        [each.price_cents for each in fit],
        question.slots,
        question.budget_cents,
        question.colour_cap,
    )
    return [fit[place] for place in places]


def cheapest(
    kinds: Sequence[Kind],
    colours: Sequence[Hashable | None],
    prices: Sequence[int],
    slots: int,
    budget: int | None,
    colour_cap: int | None,
) -> list[int]:
    """Places of pieces of as many `kinds` as can be within slots, budget and colour cap, one of each, at the least
    cost. A colour of None is no colour."""
    best: dict[tuple[Kind, Hashable | None], int] = {}
    for place in sorted(range(len(kinds)), key=lambda place: prices[place]):
        best.setdefault((kinds[place], colours[place]), place)
    firsts: dict[Kind, int] = {}
    for (kind, _), place in best.items():
        firsts.setdefault(kind, place)
    if colour_cap is not None and len(firsts) > colour_cap:
        return _by_colour(best, prices, slots, budget, colour_cap)
    places = list(firsts.values())
    costs = accumulate(prices[place] for place in places)
    return [place for place, cost in zip(places[:slots], costs, strict=False) if budget is None or cost <= budget]


def _by_colour(
    best: dict[tuple[Kind, Hashable | None], int], prices: Sequence[int], slots: int, budget: int | None, cap: int
) -> list[int]:
    """The same where many could be of one colour: kinds are assigned to the places that each colour has. Fewer kinds
    are tried by places that stand for none."""
    import numpy as np  # noqa: PLC0415
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415

    kinds = list(dict.fromkeys(kind for kind, _ in best))
    seats = [colour for colour in dict.fromkeys(colour for _, colour in best) if colour is not None] * cap
    seats_free = [None] * len(kinds)
    every = [*seats, *seats_free]
    never = 1.0 + 2.0 * sum(prices[place] for place in best.values())
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
