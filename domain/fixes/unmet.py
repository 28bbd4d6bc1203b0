"""Say which musts of a client a box does not meet, and why, to the stylist and to the client."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from domain.fixes.notes import name_wish
from domain.fixes.wish_answers import ItemTraits, is_answered
from domain.histories import normalise_word
from models.base import ItemId
from models.fix_views import UnmetWish
from models.fixes import FixItem, FixWish
from models.wishes import ClientWish

UNMET_REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "not_sold": "the shop does not sell it",
        "out_of_stock": "it is sold out in their size",
        "not_in_size": "it is not made in their size",
        "too_dear": "what there is costs more than they want to pay",
        "unwanted": "what there is has something that they do not want",
        "had_before": "they have it, or had it in a box lately",
        "no_room": "it did not fit into the box within its budget and number of pieces",
    }
)
"""Why a must is not met, by code."""
_HAD: Final = frozenset({"owned", "in_another_fix", "sent_back", "excluded_item"})
_NEAREST: Final = ("out_of_stock", "not_in_size", "too_dear", "unwanted", "had_before")
"""Reasons from the one that misses least to the one that misses most."""
_WHOLE: Final = frozenset({"budget_total", "budget_item", "surprise", "like_last", "quantity", "goes_with", "size"})
"""Kinds that speak of the box or hold for every piece, so that no piece alone answers them."""


def list_musts(wish: FixWish) -> list[ClientWish]:
    """List what the client asked for plainly and a piece can answer: the wishes, and the categories of the request."""
    stated = [ClientWish(kind="category", value=normalise_word(category)) for category in wish.must_have if category]
    read = [entry for entry in wish.wishes if entry.strength == "must" and entry.kind not in _WHOLE]
    return list({entry.key: entry for entry in (*stated, *read)}.values())


def list_unanswered(wish: FixWish, items: Iterable[FixItem]) -> list[ClientWish]:
    """List the musts that none of `items` answers."""
    every = list(items)
    answered = {key for item in every for key in item.answers}
    categories = {f"category:{normalise_word(item.category)}" for item in every}
    musts = list_musts(wish)
    return [must for must in musts if must.key not in answered and (must.detail or must.key not in categories)]


def find_obstacles(
    musts: Iterable[ClientWish], traits: Mapping[ItemId, ItemTraits], reasons: Mapping[ItemId, str]
) -> dict[str, str]:
    """Find what stands in the way of each must, by its key: the reason of the item that misses least.

    `traits`: the items of the catalogue that answer a must; `reasons`: the code why each may not be sent, empty where
    it may.
    """
    obstacles: dict[str, str] = {}
    for must in musts:
        codes = {reasons[item_id] for item_id, item in traits.items() if is_answered(must, item)}
        near = {"had_before" if code in _HAD else code for code in codes}
        obstacles[must.key] = next((code for code in _NEAREST if code in near), "no_room" if near else "not_sold")
        if "" in near:
            obstacles[must.key] = "no_room"
    return obstacles


def list_unmet(wish: FixWish, box: Sequence[FixItem], obstacles: Mapping[str, str]) -> tuple[UnmetWish, ...]:
    """List the musts that a box does not meet. A must that candidates could answer found no room in the box."""
    unmet = list_unanswered(wish, box)
    short = [entry for entry in wish.wishes if entry.kind == "quantity" and _is_short(entry, box)]
    return tuple(_explain(must, obstacles.get(must.key, "no_room")) for must in (*unmet, *short))


def _is_short(wish: ClientWish, box: Sequence[FixItem]) -> bool:
    """Return whether fewer pieces of a category are in the box than were asked for."""
    count, _, category = wish.value.partition(" ")
    if wish.strength != "must" or not count.isdigit():
        return False
    key = f"category:{category}"
    found = [item for item in box if key in (*item.answers, f"category:{normalise_word(item.category)}")]
    return len(found) < int(count)


def _explain(must: ClientWish, code: str) -> UnmetWish:
    return UnmetWish(key=must.key, name=name_wish(must), code=code, why=UNMET_REASONS[code], quote=must.quote)
