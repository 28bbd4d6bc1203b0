"""Made-up shops of different kinds for the ranking: what is known of each is how it was made, not how it should be
ranked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np

from algorithms.ranking.data import NONE, FeatureMatrix, Interactions
from domain.arrays import Floats, Ints
from domain.engagement import DAY

BEGIN: Final = 1_700_000_000.0
Row = tuple[int, int, float, int]
"""Client, item, day, context."""


@dataclass
class ShopPlan:
    """Rows of a shop, and the words of its items and clients."""

    clients: int
    items: int
    rows: list[Row] = field(default_factory=list)
    contexts: tuple[str, ...] = ()
    item_words: list[tuple[str, ...]] = field(default_factory=list)
    client_words: list[tuple[str, ...]] = field(default_factory=list)

    def build(self, whole_days: bool = True) -> Interactions:
        """Build the interactions in the order of their moments."""
        columns = [np.array(column) for column in zip(*sorted(self.rows, key=lambda row: row[2]), strict=True)]
        days = np.floor(columns[2]) if whole_days else columns[2]
        return Interactions(
            tuple(f"c{n:05}" for n in range(self.clients)),
            tuple(f"i{n:05}" for n in range(self.items)),
            self.contexts,
            columns[0].astype(np.int64),
            columns[1].astype(np.int64),
            BEGIN + days * DAY,
            columns[3].astype(np.int64),
            None,
            FeatureMatrix.of(self.item_words) if self.item_words else FeatureMatrix.none(self.items),
            FeatureMatrix.of(self.client_words) if self.client_words else FeatureMatrix.none(self.clients),
        )


def make_grocery(seed: int) -> Interactions:
    """Make weekly baskets of a repertoire of one's own, that grows slowly within a few departments."""
    rng, plan = np.random.default_rng(seed), ShopPlan(500, 1_200)
    popular, department = _zipf(rng, 1_200, 0.9), rng.integers(0, 25, 1_200)
    for client in range(plan.clients):
        taste = popular * rng.gamma(0.3, 1.0, 25)[department]
        repertoire = rng.choice(1_200, rng.integers(10, 50), replace=False, p=taste / taste.sum())
        love = rng.gamma(0.5, 1.0, len(repertoire)) + 1e-3
        for day in _visit_days(rng, 182.0, rng.uniform(4, 20)):
            many = min(1 + rng.poisson(6), len(repertoire) // 2)
            basket = rng.choice(repertoire, many, replace=False, p=love / love.sum())
            fresh = rng.choice(1_200, rng.poisson(1.5), p=taste / taste.sum())
            plan.rows += [(client, int(item), float(day), NONE) for item in {*basket.tolist(), *fresh.tolist()}]
    return plan.build()


def make_replenishment(seed: int) -> Interactions:
    """Make things that are used up: each client buys a few, each again when its own time is over."""
    rng, plan = np.random.default_rng(seed), ShopPlan(1_500, 300)
    popular, lasts = _zipf(rng, 300, 0.7), rng.uniform(15, 90, 300)
    for client in range(plan.clients):
        for item in rng.choice(300, rng.integers(1, 8), replace=False, p=popular):
            day, end = rng.uniform(0, 300), rng.choice([365.0, rng.uniform(50, 365)])
            while day < end:
                plan.rows.append((client, int(item), float(day), NONE))
                day += lasts[item] * rng.lognormal(0, 0.25)
    return plan.build()


def make_fashion(seed: int) -> Interactions:
    """Make items that live for some weeks; taste is for category and colour; a third of what is bought is new."""
    rng, plan = np.random.default_rng(seed), ShopPlan(4_000, 1_500)
    category, colour, brand = (rng.integers(0, n, 1_500) for n in (15, 10, 40))
    born, appeal = np.sort(rng.uniform(-60, 360, 1_500)), rng.lognormal(0, 0.9, 1_500)
    plan.item_words = [
        (f"category:{a}", f"colour:{b}", f"brand:{c}") for a, b, c in zip(category, colour, brand, strict=True)
    ]
    brand_appeal = rng.lognormal(0, 0.7, 40)
    for client in range(plan.clients):
        style = client % 5
        plan.client_words.append((f"style:{style}",))
        liking = rng.gamma(0.4, 1.0, 15)[category] * rng.gamma(0.6, 1.0, 10)[colour]
        liking = liking * np.where(category % 5 == style, 3.0, 1.0) * appeal * brand_appeal[brand]
        for day in rng.uniform(rng.uniform(0, 330), 360, 1 + rng.poisson(2.5)):
            there = liking * np.exp(-np.maximum(day - born, 0) / 35) * (born <= day)
            plan.rows += [(client, int(item), float(day), NONE) for item in _take(rng, there, 1 + rng.poisson(0.7))]
    return plan.build()


def make_sessions(seed: int) -> Interactions:
    """Make clicks some minutes apart, mostly on what lies near the last one; visitors seldom come back."""
    rng, plan = np.random.default_rng(seed), ShopPlan(4_000, 900)
    group, popular = rng.integers(0, 60, 900), _zipf(rng, 900, 0.8)
    members = [np.flatnonzero(group == index) for index in range(60)]
    for client in range(plan.clients):
        for begin in rng.uniform(0, 60, rng.geometric(0.55)):
            item = int(rng.choice(900, p=popular))
            for step in range(rng.geometric(0.2)):
                plan.rows.append((client, item, float(begin + step / 500), NONE))
                near = members[group[item]]
                item = int(rng.choice(near)) if rng.random() < 0.7 else int(rng.choice(900, p=popular))
    return plan.build(whole_days=False)


def make_long_tail(seed: int) -> Interactions:
    """Make many items, tastes of several kinds, no fashion: books or records."""
    rng, plan = np.random.default_rng(seed), ShopPlan(1_800, 3_000)
    vectors, popular = rng.normal(size=(3_000, 10)), _zipf(rng, 3_000, 0.6)
    for client in range(plan.clients):
        likes = popular * np.exp(1.1 * vectors @ rng.normal(size=10))
        days = rng.uniform(0, 400, 3 + rng.poisson(rng.gamma(1.0, 14.0)))
        plan.rows += [
            (client, int(item), float(day), NONE) for item, day in zip(_take(rng, likes, len(days)), days, strict=False)
        ]
    return plan.build()


def make_seasonal(seed: int) -> Interactions:
    """Make nineteen months; every item has a season of the year that comes back."""
    rng, plan = np.random.default_rng(seed), ShopPlan(2_000, 500)
    peak, wide, popular = rng.uniform(0, 365, 500), rng.uniform(20, 90, 500), _zipf(rng, 500, 0.8)
    group = rng.integers(0, 8, 500)
    plan.item_words = [(f"group:{index}",) for index in group]
    for client in range(plan.clients):
        likes = popular * rng.gamma(0.5, 1.0, 8)[group]
        for day in rng.uniform(rng.uniform(0, 540), 580, 1 + rng.poisson(5)):
            away = np.abs((day - peak + 182.5) % 365 - 182.5)
            plan.rows += [
                (client, int(item), float(day), NONE)
                for item in _take(rng, likes * np.exp(-((away / wide) ** 2)), 1 + rng.poisson(0.5))
            ]
    return plan.build()


def make_small(seed: int) -> Interactions:
    """Make a boutique: few clients, few items, few orders."""
    rng, plan = np.random.default_rng(seed), ShopPlan(160, 70)
    popular, group = _zipf(rng, 70, 0.6), rng.integers(0, 4, 70)
    plan.item_words = [(f"kind:{index}",) for index in group]
    for client in range(plan.clients):
        likes = popular * np.where(group == client % 4, 3.0, 1.0)
        for day in rng.uniform(rng.uniform(0, 200), 240, 1 + rng.poisson(2)):
            plan.rows += [(client, int(item), float(day), NONE) for item in _take(rng, likes, 1 + rng.poisson(0.5))]
    return plan.build()


def make_occasions(seed: int) -> Interactions:
    """Make rentals for an occasion each; what suits depends on the occasion, clients have theirs and seldom repeat."""
    rng, plan = np.random.default_rng(seed), ShopPlan(5_000, 800, contexts=("party", "travel", "wedding", "work"))
    suits, popular, drift = rng.gamma(0.4, 1.0, (4, 800)), _zipf(rng, 800, 0.5), rng.uniform(0, 500, 800)
    for client in range(plan.clients):
        habits = rng.dirichlet(np.full(4, 0.5))
        begin = rng.uniform(0, 480)
        for day in rng.uniform(begin, 500, 1 + rng.poisson(1.5)):
            context = int(rng.choice(4, p=habits))
            likes = popular * suits[context] * np.exp(-(((day - drift) / 150) ** 2))
            plan.rows.append((client, int(_take(rng, likes, 1)[0]), float(day), context))
    return plan.build()


def make_flash_sales(seed: int) -> Interactions:
    """Make offers of a few days: what is popular today is gone next week."""
    rng, plan = np.random.default_rng(seed), ShopPlan(2_500, 700)
    begin, wide, appeal = rng.uniform(0, 120, 700), rng.uniform(4, 20, 700), rng.lognormal(0, 1.0, 700)
    group = rng.integers(0, 12, 700)
    for client in range(plan.clients):
        likes = appeal * rng.gamma(0.5, 1.0, 12)[group]
        for day in rng.uniform(rng.uniform(0, 100), 120, 1 + rng.poisson(4)):
            there = likes * ((day >= begin) & (day < begin + wide)) + 1e-4 * appeal
            plan.rows.append((client, int(_take(rng, there, 1)[0]), float(day), NONE))
    return plan.build()


def make_catalogue_fans(seed: int) -> Interactions:
    """Make few clients who took much of a small catalogue, as in ratings of films; tastes are mixed of a few."""
    rng, plan = np.random.default_rng(seed), ShopPlan(700, 900)
    topics, popular = rng.dirichlet(np.full(900, 0.05), 12), _zipf(rng, 900, 0.8)
    for client in range(plan.clients):
        likes = (rng.dirichlet(np.full(12, 0.2)) @ topics) * popular**0.4
        begin = rng.uniform(0, 300)
        chosen = _take(rng, likes, 10 + rng.poisson(rng.gamma(1.2, 40.0)))
        days = np.sort(begin + rng.exponential(25, len(chosen)))
        plan.rows += [(client, int(item), float(day), NONE) for item, day in zip(chosen, days, strict=True)]
    return plan.build()


SHOPS: Final[dict[str, Callable[[int], Interactions]]] = {
    "grocery": make_grocery,
    "replenishment": make_replenishment,
    "fashion": make_fashion,
    "sessions": make_sessions,
    "long_tail": make_long_tail,
    "seasonal": make_seasonal,
    "small": make_small,
    "occasions": make_occasions,
    "flash_sales": make_flash_sales,
    "fans": make_catalogue_fans,
}


def _zipf(rng: np.random.Generator, n: int, power: float) -> Floats:
    """Draw shares that fall by rank, in random order; they sum to 1."""
    shares = np.arange(1, n + 1) ** -power
    return np.asarray(rng.permutation(shares / shares.sum()))


def _visit_days(rng: np.random.Generator, days: float, gap: float) -> Floats:
    """Draw the days of visits about `gap` apart."""
    steps: Any = rng.gamma(3.0, gap / 3.0, int(3 * days / gap) + 3)
    at = rng.uniform(0, 0.4 * days) + np.cumsum(steps)
    return np.asarray(at[at < days])


def _take(rng: np.random.Generator, likes: Floats, n: int) -> Ints:
    """Draw `n` different items, the liked ones more often (Gumbel's trick)."""
    n = min(n, int((likes > 0).sum()))
    keys = np.log(np.maximum(likes, 1e-300)) + rng.gumbel(size=len(likes))
    return np.argpartition(-keys, n - 1)[:n]
