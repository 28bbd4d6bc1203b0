"""Boxes: the calibration of p(keep) in each role, the roles in a thousand boxes of the demo shop, a season of boxes."""

from __future__ import annotations

from collections import Counter

from bench import keep_calibration, season
from bench.demo_boxes import NOW, list_demo_requests, open_demo_shop
from domain.fixes.roles import find_role
from store.catalogue import catalogue
from store.database import read_transaction

BOXES = 1_000


def measure() -> dict[str, float]:
    """Measure the calibration of p(keep), the shares of roles and a season."""
    return keep_calibration.measure() | measure_role_shares(BOXES) | season.measure()


def measure_role_shares(count: int) -> dict[str, float]:
    """Measure the largest share of a role in `count` demo boxes, as a multiple of the larger of its shares in the
    catalogue and in what the requests ask for, and the share of bags and accessories."""
    in_boxes: Counter[str] = Counter()
    asked: Counter[str] = Counter()
    with open_demo_shop() as shop:
        with read_transaction(shop.engine) as connection:
            known = Counter(find_role(item.category).value for item in catalogue.list_items(connection))
        for ask in list_demo_requests(count):
            fix_id, box = shop.make_box(ask.client_id, ask.body, NOW)
            in_boxes.update(item.role.value for item in box)
            asked.update(find_role(category).value for category in shop.load_wish(fix_id).must_have)
    over = {role: _share(in_boxes, role) / max(_share(known, role), _share(asked, role), 1e-9) for role in in_boxes}
    return {
        "boxes_role_share_worst_multiple": round(max(over.values()), 3),
        "boxes_extras_share": round(_share(in_boxes, "bag") + _share(in_boxes, "accessory"), 3),
        "boxes_full_share": round(in_boxes.total() / (5 * count), 3),
    }


def _share(counts: Counter[str], role: str) -> float:
    return counts[role] / counts.total() if counts else 0.0
