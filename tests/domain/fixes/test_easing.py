"""What the client named always comes: what they want of the whole box is eased for it as far as the shop makes it
necessary, and no further."""

from __future__ import annotations

from domain.fixes.easing import ENOUGH, NAMELESS, count_lacks, find_easing, is_barred
from domain.fixes.suiting import NEVER
from domain.fixes.wish_answers import ItemTraits
from models.base import utc
from models.catalogue import Item, Season
from models.fixes import FixWish
from models.wishes import ClientWish


def want(kind: str, value: str, category: str = "", detail: str = "") -> ClientWish:
    return ClientWish.model_validate({"kind": kind, "value": value, "category": category, "detail": detail})


def build_item(number: int, category: str = "dress") -> Item:
    return Item(
        item_id=f"{category}-{number}", title="A piece", category=category, brand="", colour="", price_cents=9_900,
        cost_cents=None, season=Season.ALL, sizes=(), tags=(), sustainability=None, added_at=utc(2026, 1, 1),
    )  # fmt: skip


def describe(category: str, colour: str, material: str, *, fit: str = "", detail: str = "") -> ItemTraits:
    traits = {("category", category), ("colour", colour), ("material", material)} | ({("fit", fit)} if fit else set())
    return ItemTraits(frozenset(traits), frozenset({detail} - {""}))  # type: ignore[arg-type]


WISH = FixWish(wishes=(want("category", "dress"), want("colour", "red"), want("material", "linen")))
RED_LINEN = describe("dress", "red", "linen")
RED_SILK = describe("dress", "red", "silk")
BLACK_LINEN = describe("dress", "black", "linen")
BLACK_SILK = describe("dress", "black", "silk")


def ease(wish: FixWish, shop: list[ItemTraits]) -> dict[str, int]:
    items = [build_item(number) for number in range(len(shop))]
    traits = {item.item_id: known for item, known in zip(items, shop, strict=True)}
    return dict(find_easing(wish, items, traits))


def test_where_enough_is_as_wished_nothing_is_eased() -> None:
    assert ease(WISH, [RED_LINEN] * ENOUGH + [BLACK_SILK]) == {}
    assert is_barred(WISH, "dress", RED_SILK, {})


def test_what_is_nearest_to_the_wish_comes_where_nothing_meets_it() -> None:
    easing = ease(WISH, [RED_SILK] * ENOUGH + [BLACK_SILK] * 50)
    assert not is_barred(WISH, "dress", RED_SILK, easing)
    assert is_barred(WISH, "dress", BLACK_LINEN, easing)
    assert is_barred(WISH, "dress", BLACK_SILK, easing)


def test_what_was_not_asked_for_is_never_eased() -> None:
    easing = ease(WISH, [BLACK_SILK])
    assert not is_barred(WISH, "dress", BLACK_SILK, easing)
    assert is_barred(WISH, "shirt", describe("shirt", "black", "silk"), easing)


def test_heels_are_never_eased_for_who_wants_flat_shoes() -> None:
    wish = FixWish(wishes=(want("category", "shoes"), want("fit", "flat")))
    heels = describe("shoes", "red", "leather", fit="heels")
    assert count_lacks(wish, heels) >= NEVER
    assert is_barred(wish, "shoes", heels, ease(wish, [heels] * 3))


def test_a_piece_without_the_clients_own_word_lacks_more_than_one_in_another_colour() -> None:
    wish = FixWish(wishes=(want("category", "jacket", detail="blazer"), want("colour", "navy", "jacket")))
    black_blazer = describe("jacket", "black", "wool", detail="blazer")
    assert count_lacks(wish, black_blazer) < count_lacks(wish, describe("jacket", "navy", "denim")) == NAMELESS
