"""Made-up shops of many kinds, whose orders are known to the last day: what forecasts are measured on.

Each client has a rate of their own and joins on some day; the time between their orders follows an Erlang law in a time
that runs faster in season and at promotions. They leave at an order, with a probability of their own, or after a while.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from algorithms.risk.orders import Orders, merge_orders

Floats = NDArray[np.float64]
Curve = Callable[[Floats], Floats]
"""Of days since the opening, the relative strength on each."""

YEAR: Final = 365.25
OPENING: Final = 14_610
"""2010-01-01, in days since 1970."""
LONGEST: Final = 400
"""The most orders of one client."""


def keep_even(days: Floats) -> Floats:
    """Return the same strength every day."""
    return np.ones_like(days)


@dataclass(frozen=True, slots=True)
class ShopKind:
    """One kind of shop. Times are in days.

    `gap`: the median client's time between orders, `spread` its deviation among clients in logarithms; `regular`:
    the shape of the Erlang law, 1 for pure chance; `leave`: the beta law of the chance to leave at an order; `life`:
    the mean time after which a client leaves without a word; `once`: the share who never come again; `pauses`: the
    share of gaps that last six times as long; `joins`: when clients join; `pulse`: when orders come; `cohorts`: the
    factor on the rate of those who join on a day; `cuts`: (day, horizon) of the forecasts.
    """

    days: int
    gap: float
    cuts: tuple[tuple[int, int], ...]
    spread: float = 0.7
    regular: int = 1
    leave: tuple[float, float] = (0.6, 6.0)
    life: float = 4_000.0
    once: float = 0.0
    pauses: float = 0.0
    joins: Curve = keep_even
    pulse: Curve = keep_even
    cohorts: Curve = keep_even
    value: float = 60.0


def simulate_orders(shop: ShopKind, clients: int, seed: int) -> Orders:
    """Simulate the orders of so many clients from the opening to the shop's last day."""
    rng = np.random.default_rng(seed)
    days = np.arange(shop.days, dtype=np.float64)
    joins, pace = shop.joins(days), np.append(0.0, np.cumsum(shop.pulse(days)))
    first = rng.choice(shop.days, clients, p=joins / joins.sum()).astype(np.float64)
    rate = np.exp(shop.spread * rng.normal(size=clients)) * shop.cohorts(first) / shop.gap
    leave, once = rng.beta(*shop.leave, clients), rng.random(clients) < shop.once
    end = np.minimum(first + rng.exponential(shop.life, clients), shop.days)
    ids, when, rows, at = [np.arange(clients)], [first], np.flatnonzero(~once), first.copy()
    edges = np.arange(shop.days + 1, dtype=np.float64)
    for _ in range(LONGEST):
        rows = rows[rng.random(len(rows)) >= leave[rows]]
        gap = rng.gamma(shop.regular, 1 / shop.regular, len(rows)) / rate[rows]
        gap *= np.where(rng.random(len(rows)) < shop.pauses, 6.0, 1.0)
        moment = np.interp(at[rows], edges, pace) + gap
        at[rows] = np.where(moment < pace[-1], np.interp(moment, pace, edges), np.inf)
        rows = rows[at[rows] < end[rows]]
        if not len(rows):
            break
        ids.append(rows)
        when.append(at[rows])
    client = np.concatenate(ids)
    worth = shop.value * np.exp(0.5 * rng.normal(size=clients)[client] + 0.4 * rng.normal(size=len(client)))
    names = np.char.add("c", np.char.zfill(client.astype(str), 6)).tolist()
    return merge_orders(names, OPENING + np.concatenate(when).astype(np.int64), worth.round(2))


def season(height: float, peak: float = 345.0, width: float = 30.0) -> Curve:
    """Build a curve with one peak a year around the day `peak`, `height` above 1."""

    def draw_curve(days: Floats) -> Floats:
        away = (days - peak + YEAR / 2) % YEAR - YEAR / 2
        return np.asarray(1 + height * np.exp(-0.5 * (away / width) ** 2))

    return draw_curve


def grow(factor: float, within: float) -> Curve:
    """Build a curve that changes by `factor` every so many days."""
    return lambda days: np.asarray(factor ** (days / within))


def burst(every: float, length: float, height: float) -> Curve:
    """Build a curve of promotions: every so many days, for `length` days, `height` times as strong."""
    return lambda days: np.where((days + 20) % every < length, height, 1.0)


def step(day: float, factor: float) -> Curve:
    """Build a curve that changes once, on a day, by `factor`."""
    return lambda days: np.where(days >= day, factor, 1.0)


def multiply(*curves: Curve) -> Curve:
    """Build the product of curves."""
    return lambda days: np.asarray(np.prod([curve(days) for curve in curves], axis=0))


def _list_cuts(days: tuple[int, ...], horizons: tuple[int, ...]) -> tuple[tuple[int, int], ...]:
    return tuple((day, horizon) for day in days for horizon in horizons)


SHOPS: Final[dict[str, ShopKind]] = {
    "grocery": ShopKind(
        800, 14, _list_cuts((240, 400, 600), (28, 60, 91)), regular=2, leave=(0.5, 25), pauses=0.04,
        pulse=season(0.3), value=45,
    ),
    "donations": ShopKind(
        3_650, 380, _list_cuts((1_470, 2_000, 2_560, 2_900), (365, 182)), regular=4, leave=(1.2, 4.0), spread=0.3,
        joins=season(6.0), pulse=season(6.0),
    ),
    "apparel": ShopKind(
        1_500, 110, _list_cuts((420, 700, 900, 1_130), (90, 180)), spread=0.9, leave=(0.7, 4.0), once=0.25,
        joins=season(1.2), pulse=multiply(season(1.2), season(0.6, 130)),
    ),
    "subscriptions": ShopKind(
        900, 30, _list_cuts((200, 380, 560, 780), (30, 60, 91)), spread=0.1, regular=40, leave=(1.5, 14), value=25,
    ),
    "dying": ShopKind(
        1_100, 40, _list_cuts((350, 550, 750, 900), (60, 120)), joins=grow(0.5, 250), pulse=grow(0.5, 300),
    ),
    "doubling": ShopKind(
        1_100, 60, _list_cuts((350, 550, 750, 900), (60, 120)), joins=grow(2, 200), pulse=grow(1.2, 365),
        leave=(0.8, 3.0), cohorts=grow(0.9, 200),
    ),
    "promotions": ShopKind(
        1_300, 90, _list_cuts((380, 600, 820, 1_000), (60, 120)), pulse=multiply(burst(182, 12, 12), season(0.5)),
        leave=(0.6, 5),
    ),
    "one_cohort": ShopKind(
        560, 90, _list_cuts((150, 210, 280), (90, 180, 270)), joins=lambda days: np.where(days < 90, 1.0, 0.0),
        spread=1.2, leave=(0.8, 2.5), once=0.2,
    ),
    "gifts": ShopKind(
        1_600, 150, _list_cuts((420, 700, 980, 1_200), (90, 182)), pulse=season(7, 340, 22), joins=season(4, 335, 25),
        leave=(0.6, 3.0), once=0.2,
    ),
    "furniture": ShopKind(
        1_500, 500, _list_cuts((500, 800, 1_100), (120, 240, 365)), once=0.6, spread=0.8, leave=(1, 4), value=600,
    ),
}  # fmt: skip
"""The kinds on which choices may be made."""

KEPT_SHOPS: Final[dict[str, ShopKind]] = {
    "coffee": ShopKind(
        500, 9, _list_cuts((120, 240, 380), (14, 30, 60)), spread=1.0, leave=(0.6, 12), life=300, pauses=0.05, value=9,
    ),
    "refills": ShopKind(
        1_400, 90, _list_cuts((380, 650, 950), (60, 120, 180)), regular=10, spread=0.25, leave=(0.6, 7.0), pauses=0.08,
    ),
    "summer": ShopKind(
        1_600, 130, _list_cuts((460, 700, 1_000, 1_250), (90, 180)), pulse=season(5, 190, 30), joins=season(3, 180, 35),
        leave=(0.7, 4.0),
    ),
    "after_a_shock": ShopKind(
        1_100, 50, _list_cuts((400, 600, 700, 850), (60, 120)), pulse=step(520, 0.55), leave=(0.6, 8.0), spread=0.9,
    ),
    "loyal": ShopKind(
        1_200, 75, _list_cuts((350, 550, 750, 950), (60, 120)), pulse=grow(1.35, 365), leave=(0.4, 9.0), regular=2,
    ),
    "marketplace": ShopKind(
        900, 45, _list_cuts((250, 420, 600), (45, 90, 180)), spread=1.4, once=0.35, pauses=0.25, leave=(0.5, 3.0),
        joins=grow(1.4, 200),
    ),
}  # fmt: skip
"""The kinds held aside until the end."""
