"""Say which wishes of a client an item answers, and which it breaks: only what the catalogue says of it counts."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Final, NamedTuple, TypeAlias

from domain.fixes.occasions import USUAL
from domain.fixes.outfits import may_wear_together
from domain.fixes.roles import EXTRAS, find_role
from domain.sizes import fold_size
from models.box_roles import BoxRole
from models.catalogue import Season
from models.wishes import ClientWish, WishKind

Trait: TypeAlias = tuple[WishKind, str]
QUIET_COLOURS: Final = frozenset(
    {"black", "navy", "cream", "camel", "grey", "white", "beige", "brown", "neutral", "denim"}
)
"""Colours that go with every other."""


class ItemTraits(NamedTuple):
    """What an item is, in the values of wishes. `details`: narrower words for its category; `sizes`: folded.
    `formality`: about 0 for sport to 4 for a ball."""

    traits: frozenset[Trait]
    details: frozenset[str] = frozenset()
    sizes: frozenset[str] = frozenset()
    price_cents: int = 0
    formality: float = USUAL
    season: Season = Season.ALL


def is_named(wish: ClientWish, item: ItemTraits) -> bool:
    """Return whether an item has what a wish names, wanted or not.

    Wishes of the whole box (a budget in all, a surprise, the box before, a number of pieces) name no single item.
    """
    if wish.category and ("category", wish.category) not in item.traits:
        return False
    match wish.kind:
        case "category":
            fits_detail = not wish.detail or not item.details or wish.detail in item.details
            return fits_detail and ("category", wish.value) in item.traits
        case "budget_item":
            return item.price_cents <= Decimal(wish.value) * 100
        case "size":
            return fold_size(wish.value) in item.sizes
        case "goes_with":
            return _goes_with(wish, item)
        case "budget_total" | "surprise" | "like_last" | "quantity":
            return False
        case _:
            return (wish.kind, wish.value) in item.traits


def _goes_with(wish: ClientWish, item: ItemTraits) -> bool:
    """Return whether an item is worn with the thing owned, and in its colour or in a quiet one."""
    roles = {find_role(value) for kind, value in item.traits if kind == "category"} - {BoxRole.OTHER}
    owned = find_role(wish.value)
    if any(role not in EXTRAS and not may_wear_together(owned, role) for role in roles):
        return False
    colours = {value for kind, value in item.traits if kind == "colour"}
    goes = bool(colours & QUIET_COLOURS) or not wish.colour or wish.colour in colours or wish.colour in QUIET_COLOURS
    return goes and ("category", wish.value) not in item.traits


def is_answered(wish: ClientWish, item: ItemTraits) -> bool:
    """Return whether an item answers a wish for something."""
    return wish.strength != "avoid" and is_named(wish, item)


def is_broken(wish: ClientWish, item: ItemTraits) -> bool:
    """Return whether an item is what the client does not want."""
    return wish.strength == "avoid" and is_named(wish, item)


def is_too_dear(wishes: Iterable[ClientWish], item: ItemTraits) -> bool:
    """Return whether an item costs more than a wish allows for one piece, or for one of its category."""
    caps = (wish for wish in wishes if wish.kind == "budget_item" and wish.strength == "must")
    meant = (wish for wish in caps if not wish.category or ("category", wish.category) in item.traits)
    return any(not is_named(wish, item) for wish in meant)


def list_answers(wishes: Iterable[ClientWish], item: ItemTraits) -> tuple[str, ...]:
    """List the keys of the wishes that an item answers, in their order."""
    return tuple(dict.fromkeys(wish.key for wish in wishes if is_answered(wish, item)))
