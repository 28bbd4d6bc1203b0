"""Faults of boxes that a stylist would refuse, counted without a stylist: `python -m bench box_faults`.

What readers of boxes named most (bench/notes/boxes.md), as far as the box and the catalogue show it. It says nothing of
taste; only people do (`python -m bench.stories`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from typing import Final

from bench.demo_boxes import DemoShop, open_demo_shop
from bench.stories import NOW, STORIES, Story, list_northern
from domain.blend import score_seasons
from domain.fixes.asked import find_group, list_asked, list_narrow
from domain.fixes.colours import score_colours
from domain.fixes.outfits import GOES, build_look, list_outfits
from models.base import ItemId
from models.box_roles import BoxRole
from models.catalogue import Item
from models.fixes import FixItem, FixWish
from store.catalogue import catalogue
from store.database import read_transaction

BOXES: Final = 3
FAULTS: Final = (
    "short",
    "alike",
    "clash",
    "no_outfit",
    "asked_in_no_outfit",
    "two_sizes",
    "out_of_season",
    "must_unmet",
)
LOOSE: Final = frozenset({BoxRole.BAG, BoxRole.ACCESSORY, BoxRole.OTHER})
"""Roles of pieces that need not be part of an outfit."""


def measure(stories: Sequence[Story] = STORIES, count: int = BOXES) -> dict[str, float]:
    """Measure the share of boxes with each fault, and with none."""
    times: Counter[str] = Counter()
    with open_demo_shop(NOW) as shop:
        with read_transaction(shop.engine) as connection:
            items = {item.item_id: item for item in catalogue.list_items(connection)}
        for number, story in enumerate(stories, 1):
            for client_id in list_northern(shop, number * 30 + 1, count):
                found = set(_list_faults(shop, client_id, story, items))
                times.update(found or {"none"})
    boxes = len(stories) * count
    return {f"box_faults_{name}_share": round(times[name] / boxes, 3) for name in (*FAULTS, "none")}


def _list_faults(shop: DemoShop, client_id: str, story: Story, items: Mapping[ItemId, Item]) -> Iterator[str]:
    fix_id, box = shop.make_box(client_id, {"note": story.note, **story.body}, NOW)
    wish = shop.load_wish(fix_id)
    if len(box) < wish.slots:
        yield "short"
    if any(entry.strength == "must" and entry.key != "slots" for entry in shop.load_unmet(fix_id, box)):
        yield "must_unmet"
    yield from _list_pair_faults(box)
    yield from _list_outfit_faults(wish, box, items)
    letters = {item.size for item in box if item.size.isalpha()}
    if len(letters) > 1:
        yield "two_sizes"
    named = any(entry.kind in ("season", "occasion", "warmth") for entry in wish.wishes)
    if not named and any(score_seasons(NOW)[items[item.item_id].season] <= 0 for item in box):
        yield "out_of_season"


def _list_pair_faults(box: Sequence[FixItem]) -> Iterator[str]:
    for one, other in combinations(box, 2):
        if one.category == other.category and one.colour == other.colour:
            yield "alike"
        if score_colours(one.colour, other.colour) < GOES:
            yield "clash"


def _list_outfit_faults(wish: FixWish, box: Sequence[FixItem], items: Mapping[ItemId, Item]) -> Iterator[str]:
    looks = {item.sku: build_look(items[item.item_id], item.role, item.formality) for item in box}
    outfits = list_outfits(looks)
    if not outfits:
        yield "no_outfit"
    asked, narrow = list_asked(wish), list_narrow(wish)
    worn = {sku for outfit in outfits for sku in outfit}
    wanted = {item.sku for item in box if item.role not in LOOSE and find_group(item, asked, narrow) in asked}
    if wanted - worn:
        yield "asked_in_no_outfit"
