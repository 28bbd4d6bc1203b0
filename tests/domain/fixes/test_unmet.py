"""Which musts a box does not meet, and why."""

from __future__ import annotations

import pytest

from domain.fixes.unmet import UNMET_REASONS, find_obstacles, list_unanswered, list_unmet
from domain.fixes.wish_answers import ItemTraits
from models.fixes import FixItem, FixWish
from models.wishes import ClientWish

COAT = ClientWish(kind="category", value="coat", quote="a coat")
BOOTS = ClientWish(kind="category", value="shoes", detail="boots")
WOOL = ClientWish(kind="material", value="wool", category="coat")


def piece(category: str, *answers: str) -> FixItem:
    return FixItem(sku=category, item_id=category, category=category, price_cents=1, score=0.5, answers=answers)


def test_a_box_meets_what_its_pieces_answer() -> None:
    wish = FixWish(must_have=("Skirt",), wishes=(COAT, WOOL))
    box = [piece("Skirt"), piece("coat", "category:coat", "material:wool@coat")]
    assert list_unmet(wish, box, {}) == ()
    assert [entry.key for entry in list_unmet(wish, [piece("coat")], {})] == ["category:skirt", "material:wool@coat"]


def test_another_kind_of_shoes_does_not_answer_a_wish_for_boots() -> None:
    assert list_unanswered(FixWish(wishes=(BOOTS,)), [piece("shoes")]) == [BOOTS]
    assert list_unanswered(FixWish(wishes=(BOOTS,)), [piece("shoes", "category:shoes")]) == []


def test_what_is_asked_of_the_whole_box_is_never_unmet() -> None:
    whole = ClientWish(kind="budget_total", value="90"), ClientWish(kind="surprise", value="yes")
    assert list_unmet(FixWish(wishes=whole), [piece("skirt")], {}) == ()


def test_what_is_asked_softly_is_told_as_a_liking() -> None:
    soft = COAT.model_copy(update={"strength": "prefer"})
    assert [entry.strength for entry in list_unmet(FixWish(wishes=(soft,)), [piece("skirt")], {})] == ["prefer"]


def test_of_several_cloths_one_is_enough_and_none_is_told_once() -> None:
    linen, cotton = (ClientWish(kind="material", value=value, quote=value) for value in ("linen", "cotton"))
    wish = FixWish(wishes=(linen, cotton))
    assert list_unmet(wish, [piece("shirt", cotton.key)], {}) == ()
    assert [(entry.name, entry.quote) for entry in list_unmet(wish, [piece("shirt")], {})] == [
        ("linen or cotton", "linen; cotton")
    ]


@pytest.mark.parametrize(("budget", "code"), [("0.02", "no_money"), (None, "no_more")])
def test_a_box_that_is_short_says_why(budget: str | None, code: str) -> None:
    box, other = piece("coat"), piece("skirt").model_copy(update={"price_cents": 2})
    wish = FixWish.model_validate({"slots": 2, "budget": budget})
    assert [(entry.key, entry.code) for entry in list_unmet(wish, [box], {}, [box, other])] == [("slots", code)]


def test_fewer_pieces_than_asked_for_are_told() -> None:
    two = ClientWish(kind="quantity", value="2 coat")
    assert list_unmet(FixWish(wishes=(two,)), [piece("coat"), piece("coat")], {}) == ()
    assert [entry.code for entry in list_unmet(FixWish(wishes=(two,)), [piece("coat")], {})] == ["no_room"]


@pytest.mark.parametrize(
    ("reasons", "code"),
    [
        ({}, "not_sold"),
        ({"a": "out_of_stock", "b": "too_dear"}, "out_of_stock"),
        ({"a": "not_in_size"}, "not_in_size"),
        ({"a": "too_dear", "b": "owned"}, "too_dear"),
        ({"a": "sent_back"}, "had_before"),
        ({"a": "unwanted"}, "unwanted"),
        ({"a": "out_of_stock", "b": ""}, "no_room"),
    ],
)
def test_the_reason_is_that_of_the_item_that_misses_least(reasons: dict[str, str], code: str) -> None:
    traits = {item_id: ItemTraits(frozenset({("category", "coat")})) for item_id in reasons}
    obstacles = find_obstacles([COAT], traits, reasons)
    assert obstacles == {"category:coat": code}
    told = list_unmet(FixWish(wishes=(COAT,)), [piece("skirt")], obstacles)
    assert [(entry.name, entry.why, entry.quote) for entry in told] == [("coat", UNMET_REASONS[code], "a coat")]
