"""Find why nothing that may go into a box answers a must of the client."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Final

from sqlalchemy import Connection

from domain.fixes.candidates import StockUnit, Wearer, find_reason
from domain.fixes.easing import Easing
from domain.fixes.reading.items import describe_items
from domain.fixes.reading.reader import NoteWords
from domain.fixes.unmet import find_obstacles, list_unanswered
from domain.fixes.wish_answers import is_answered
from models.base import ItemId
from models.catalogue import Item
from models.fixes import FixItem, FixWish
from store.catalogue import availability

MOST_LOOKED_AT: Final = 500
"""Items looked at for each must that no candidate answers."""


def explain_obstacles(
    connection: Connection,
    wish: FixWish,
    wearer: Wearer,
    candidates: Sequence[FixItem],
    catalogue: Sequence[Item],
    vocabulary: NoteWords,
    easing: Easing,
) -> dict[str, str]:
    """Explain, by the key of each must that no candidate answers, what stands in the way, as a stable code."""
    musts = list_unanswered(wish, candidates)
    if not musts:
        return {}
    by_id = {item.item_id: item for item in catalogue}
    traits = describe_items(by_id, vocabulary)
    near = {
        item_id: traits[item_id]
        for must in musts
        for item_id in islice((known for known in by_id if is_answered(must, traits[known])), MOST_LOOKED_AT)
    }
    units: dict[ItemId, list[StockUnit]] = {}
    for unit in availability.list_units(connection, near):
        units.setdefault(unit.item_id, []).append(unit)
    reasons = {
        item_id: find_reason(wish, wearer, by_id[item_id], units.get(item_id, ()), near[item_id], easing)
        for item_id in near
    }
    return find_obstacles(musts, near, reasons)
