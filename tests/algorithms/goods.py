"""Items and clients made up for the tests of rankings."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np

from algorithms.blending.catalogue import Catalogue
from domain.histories import ClientSignals, Interaction, WeightedInteractions
from models.base import utc
from models.catalogue import Item, Season

NOW = utc(2026, 6, 1, 12)
COLOURS = ("navy", "black", "olive", "red", "white")
CATEGORIES = ("knitwear", "dresses", "shirts", "coats", "shoes", "bags")


def item(item_id: str, **values: Any) -> Item:
    """An item with every field stated."""
    usual = {
        "title": f"Piece {item_id}", "category": "knitwear", "brand": "", "colour": "navy", "price_cents": 8_000,
        "cost_cents": 4_000, "season": Season.ALL, "sizes": (), "tags": (), "sustainability": None,
        "added_at": NOW - timedelta(days=200),
    }  # fmt: skip
    return Item(item_id=item_id, **{**usual, **values})


def shelf(*items: Item, units: int = 10) -> Catalogue:
    """A catalogue with `units` of each size of each item."""
    return Catalogue.of(items, [(i.item_id, size, units) for i in items for size in i.sizes or ("",)])


def touch(item_id: str, kind: str = "order_placed", days_ago: float = 5.0) -> Interaction:
    return Interaction(item_id, kind, NOW.timestamp() - days_ago * 86_400)


def two_tastes(
    clients: int = 120, orders: int = 14, seed: int = 3
) -> tuple[Catalogue, WeightedInteractions, dict[str, ClientSignals]]:
    """40 items in two tastes that no word of theirs tells apart, and clients who buy from one of them; half of the
    items of each taste are bought more than the others."""
    rng = np.random.default_rng(seed)
    catalogue = shelf(*(item(f"i{n:02}", category=CATEGORIES[n % 6], colour=COLOURS[n % 5]) for n in range(40)))
    weights = np.tile([3.0, 1.0], 10)
    rows = [
        (c, index, NOW.timestamp() - 86_400 * float(rng.uniform(1, 60)))
        for c in range(clients)
        for index in rng.choice(20, orders, replace=False, p=weights / weights.sum()) + 20 * (c % 2)
    ]
    client, index, at = (np.array(column) for column in zip(*rows, strict=True))
    ids = tuple(f"c{n}" for n in range(clients))
    touches = WeightedInteractions(ids, tuple(catalogue.index), client, index, np.ones(len(rows)), at)
    return catalogue, touches, {each_id: ClientSignals(each_id) for each_id in ids}
