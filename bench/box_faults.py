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
from domain.fixes.answer_levels import SHADES
from domain.fixes.asked import build_finder, list_asked
from domain.fixes.colours import score_colours
from domain.fixes.outfits import GOES, build_look, list_outfits
from models.base import ItemId
from models.box_roles import BoxRole
from models.catalogue import Item
from models.fix_views import UnmetWish
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
    "missing_unsaid",
    "false_reason",
    "wrong_kind",
    "dear_filler",
    "covers",
    "one_colour",
)
LOOSE: Final = frozenset({BoxRole.BAG, BoxRole.ACCESSORY, BoxRole.OTHER})
"""Roles of pieces that need not be part of an outfit."""
OVER: Final = frozenset({BoxRole.OUTERWEAR, BoxRole.KNITWEAR})
BASE: Final = frozenset({BoxRole.TOP, BoxRole.BOTTOM, BoxRole.SHOES})
"""Roles that an outfit needs, whatever they cost."""
APART: Final = frozenset({"roll-neck top", "sleeveless top"})
"""Kinds that readers do not take for T-shirts."""


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
    yield from _list_asked_faults(wish, box, shop.load_unmet(fix_id, box))
    yield from _list_filler_faults(wish, box)
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
    finder = build_finder(wish)
    worn = {sku for outfit in outfits for sku in outfit}
    wanted = {item.sku for item in box if item.role not in LOOSE and finder.find_category(item) in finder.categories}
    if wanted - worn:
        yield "asked_in_no_outfit"


def _list_asked_faults(wish: FixWish, box: Sequence[FixItem], unmet: Sequence[UnmetWish]) -> Iterator[str]:
    """List faults of what was asked for: it is missing or of another kind and nothing says so, or what is said is not
    so."""
    asked, finder = list_asked(wish), build_finder(wish)
    groups = [finder.find_group(item) for item in box]
    said = " ".join(f"{entry.key} {entry.name}" for entry in unmet)
    if any(groups.count(name) < asked.count(name) and name not in said for name in asked):
        yield "missing_unsaid"
    if any(
        group.startswith("other ") or (group in asked and item.cut in APART)
        for group, item in zip(groups, box, strict=True)
    ):
        yield "wrong_kind"
    if any(entry.key in item.answers for entry in unmet if "@" not in entry.key for item in box):
        yield "false_reason"


def _list_filler_faults(wish: FixWish, box: Sequence[FixItem]) -> Iterator[str]:
    """List faults of what nobody asked for: dearer than all that was, two things to wear over one outfit, and three
    garments of one colour."""
    finder = build_finder(wish, liked=True)
    wanted = [item for item in box if finder.find_category(item) in finder.categories]
    others = [item for item in box if item not in wanted]
    dearest = max((item.price_cents for item in wanted), default=None)
    if dearest is not None and any(item.price_cents > dearest and item.role not in BASE for item in others):
        yield "dear_filler"
    covers = sum(item.role in OVER or item.cut.endswith("wrap") for item in box)
    meant = sum(item.role in OVER or item.cut.endswith("wrap") for item in wanted)
    if covers > max(1, meant):
        yield "covers"
    colours = Counter(item.colour for item in box if item.role not in {*LOOSE, BoxRole.SHOES})
    named = {entry.value for entry in wish.wishes if entry.kind == "colour" and entry.strength == "must"} - SHADES
    if len(named) != 1 and max(colours.values(), default=0) > 2:
        yield "one_colour"
