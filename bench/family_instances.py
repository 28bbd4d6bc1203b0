"""Families of waves in which everybody wants the same loved items, the best of the ranking, and stock is short."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from algorithms.assembly.model import NO_LIMIT, BoxWishes, Floats, Ints, Wave
from algorithms.assembly.variety import count_needs

CANDIDATES: Final = 60
KINDS: Final = 7
TASTE: Final = 8
POPULARITY: Final = 0.9
LARGE: Final = 1_000
"""Waves of more clients choose among 5,000 items instead of 2,000."""


@dataclass(frozen=True)
class Family:
    """What sets a family apart. `own`: the deviation of a client's taste from the common one; 1 is no common one."""

    own: float = 1.0
    slots: int = 5
    cap: int = 2
    budget: tuple[float, float] = (170.0, 330.0)
    score: str = "liking"
    dominant: bool = False
    sizes: bool = False
    wishes: bool = False


FAMILIES: Final[dict[str, Family]] = {
    "base": Family(),
    "alike": Family(own=0.1),
    "identical": Family(own=0.0),
    "tiny": Family(budget=(50.0, 110.0)),
    "dominant": Family(dominant=True),
    "price": Family(score="price"),
    "cap1": Family(cap=1),
    "slots8": Family(slots=8),
    "sizes": Family(sizes=True),
    "equal": Family(score="equal"),
    "wishes": Family(wishes=True),
}


def build_family(name: str, clients: int, seed: int, day: int = 0) -> Wave:
    """Build a wave of a family.

    The same seed is the same shop: on another `day` other clients come to the same goods and the same stock.
    """
    family, shop, today = FAMILIES[name], np.random.default_rng(seed), np.random.default_rng([seed, day, clients])
    items = 2_000 if clients <= LARGE else 5_000
    kind, price = shop.integers(0, KINDS, items), (100 * shop.lognormal(3.7, 0.5, items)).astype(np.int64)
    loved = shop.normal(0, POPULARITY, items)
    if family.dominant:
        loved[0] = 8.0
    common, features = shop.normal(size=TASTE), shop.normal(size=(items, TASTE)) / np.sqrt(TASTE)
    level, share = shop.uniform(-2, 0), shop.uniform(0.5, 1.5)
    item, liking = _choose_candidates(today, family, common, features, loved + level, clients)
    sku, skus = _split_sizes(today, family, item, items)
    stock = _draw_stock(shop, family, skus, share * family.slots * clients)
    budget = (100 * today.uniform(*family.budget, clients)).astype(np.int64)
    wave = Wave(
        np.full(clients, family.slots), budget, np.full(clients, NO_LIMIT), np.full(clients, family.cap), stock,
        np.repeat(np.arange(clients), CANDIDATES), sku.ravel(), kind[item].ravel(), price[item].ravel(),
        _SCORES[family.score](liking, price[item]).ravel(),
    )  # fmt: skip
    return _add_wishes(wave, shop.integers(-1, 9, items)[item].ravel(), today) if family.wishes else wave


def _choose_candidates(
    rng: np.random.Generator, family: Family, common: Floats, features: Floats, loved: Floats, clients: int
) -> tuple[Ints, Floats]:
    """Choose each client's best by the logistic of taste and popularity; returns items and likings (n, CANDIDATES)."""
    parts: list[tuple[Ints, Floats]] = []
    for begin in range(0, clients, 1_000):
        taste = rng.normal(size=(min(1_000, clients - begin), TASTE))
        taste = taste if family.own == 1 else common + family.own * taste
        logit = taste @ features.T + loved
        best = np.sort(np.argpartition(-logit, CANDIDATES, axis=1)[:, :CANDIDATES], axis=1)
        parts.append((best, 1 / (1 + np.exp(-np.take_along_axis(logit, best, 1)))))
    return np.concatenate([best for best, _ in parts]), np.concatenate([liking for _, liking in parts])


def _split_sizes(rng: np.random.Generator, family: Family, item: Ints, items: int) -> tuple[Ints, int]:
    """Return the sku of each candidate and how many skus there are: of items in sizes a client gets its own."""
    if not family.sizes:
        return item, items
    size = rng.choice(5, len(item), p=(0.1, 0.25, 0.3, 0.25, 0.1))
    return 5 * item + size[:, None], 5 * items


def _draw_stock(rng: np.random.Generator, family: Family, skus: int, units: float) -> Ints:
    if family.sizes:
        return rng.integers(1, 4, skus)
    return rng.poisson(units / skus, skus).astype(np.int64)


def _add_wishes(wave: Wave, colour: Ints, rng: np.random.Generator) -> Wave:
    """Let a third of the clients ask for one category, a sixth for two; at most two items of a colour."""
    clients = len(wave.slots)
    asked, draw = np.zeros((clients, KINDS), np.bool_), rng.random(clients)
    for share in (1 / 2, 1 / 6):
        rows = np.flatnonzero(draw < share)
        asked[rows, rng.integers(0, KINDS, len(rows))] = True
    must = asked[wave.client, wave.category]
    wishes = BoxWishes(colour, np.full(clients, 2), must, np.zeros(clients, np.int64))
    return count_needs(replace(wave, wishes=wishes))


_SCORES: Final[dict[str, Callable[[Floats, Ints], Floats]]] = {
    "liking": lambda liking, _price: np.round(liking, 6),
    "price": lambda _liking, price: price / 10_000,
    "equal": lambda liking, _price: np.full(liking.shape, 0.5),
}
