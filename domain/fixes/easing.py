"""How far wishes for the box are eased for a piece that the client named: a bright linen dress where there is one,
else a bright or a linen one, and never no dress."""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

from domain.fixes.asked import build_finder, is_wanted_kind
from domain.fixes.suiting import NEVER, count_misses
from domain.fixes.wish_answers import ItemTraits, is_broken
from domain.histories import normalise_word
from models.base import ItemId
from models.catalogue import Item
from models.fixes import FixWish

Easing: TypeAlias = Mapping[str, int]
"""By category asked for, how much its pieces may lack of what is wanted of them (`count_misses`)."""
ENOUGH: Final = 12
"""Pieces of a category asked for that there should be to choose from, since many are sold out in a size."""
NAMELESS: Final = 8
"""What a piece lacks that is not called by the narrower name asked for, such as blazer."""


def find_easing(wish: FixWish, items: Iterable[Item], traits: Mapping[ItemId, ItemTraits]) -> Easing:
    """Find how far to ease the wishes for each category that the client asked for: as little as leaves enough."""
    asked = build_finder(wish).categories
    levels: dict[str, list[int]] = {name: [] for name in asked}
    if not asked or not wish.wishes:
        return {}
    for item in items:
        known = traits[item.item_id]
        for name in list_names(item.category, known):
            if name in levels and not any(is_broken(entry, known) for entry in wish.wishes):
                insort(levels[name], count_lacks(wish, known))
    easing = {}
    for name, lacks in levels.items():
        few = lacks[: ENOUGH * asked.count(name)]
        most = few[-1] if few else 0
        if 0 < most < NEVER:
            easing[name] = most
    return easing


def is_barred(wish: FixWish, category: str, item: ItemTraits, easing: Easing) -> bool:
    """Return whether an item lacks more than its category is eased."""
    misses = count_misses(wish, item)
    return misses > 0 and misses > max((easing.get(name, 0) for name in list_names(category, item)), default=0)


def count_lacks(wish: FixWish, item: ItemTraits) -> int:
    """Count what an item lacks, its name among it."""
    kinds = [entry for entry in wish.wishes if is_wanted_kind(entry) and ("category", entry.value) in item.traits]
    nameless = bool(kinds) and all(entry.detail and entry.detail not in item.details for entry in kinds)
    return count_misses(wish, item) + NAMELESS * nameless


def list_names(category: str, item: ItemTraits) -> set[str]:
    """List the categories that an item is of, normalised, by its own word and in the values of wishes."""
    return {normalise_word(category)} | {normalise_word(value) for kind, value in item.traits if kind == "category"}
