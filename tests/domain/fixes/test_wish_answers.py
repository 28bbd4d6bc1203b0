"""Which wishes an item answers, and which it breaks."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from domain.fixes.wish_answers import ItemTraits, is_answered, is_broken, is_too_dear, list_answers
from models.wishes import ClientWish

JUMPER = ItemTraits(
    frozenset(
        {("category", "knitwear"), ("category", "top"), ("warmth", "warm"), ("colour", "navy"), ("colour", "blue")}
    ),
    details=frozenset({"jumper"}),
    sizes=frozenset({"m"}),
    price_cents=9_900,
)


@pytest.mark.parametrize(
    ("wish", "answered"),
    [
        (ClientWish(kind="category", value="knitwear"), True),
        (ClientWish(kind="category", value="top"), True),
        (ClientWish(kind="category", value="knitwear", detail="cardigan"), False),
        (ClientWish(kind="category", value="coat"), False),
        (ClientWish(kind="warmth", value="warm", category="knitwear"), True),
        (ClientWish(kind="warmth", value="warm", category="coat"), False),
        (ClientWish(kind="colour", value="blue", strength="prefer"), True),
        (ClientWish(kind="colour", value="blue", strength="avoid"), False),
        (ClientWish(kind="budget_item", value="99"), True),
        (ClientWish(kind="budget_item", value="98.50"), False),
        (ClientWish(kind="size", value="M"), True),
        (ClientWish(kind="size", value="L"), False),
        (ClientWish(kind="goes_with", value="coat", colour="green"), True),
        (ClientWish(kind="goes_with", value="knitwear"), False),
        (ClientWish(kind="budget_total", value="300"), False),
        (ClientWish(kind="surprise", value="yes"), False),
    ],
)
def test_an_item_answers_what_the_catalogue_says_of_it(wish: ClientWish, answered: bool) -> None:
    assert is_answered(wish, JUMPER) == answered


def test_what_is_not_wanted_is_broken_by_an_item_that_has_it() -> None:
    assert is_broken(ClientWish(kind="colour", value="navy", strength="avoid"), JUMPER)
    assert not is_broken(ClientWish(kind="colour", value="navy", strength="avoid", category="dress"), JUMPER)
    assert not is_broken(ClientWish(kind="colour", value="navy"), JUMPER)


def test_a_price_counts_for_its_category_alone() -> None:
    assert is_too_dear([ClientWish(kind="budget_item", value="50", category="knitwear")], JUMPER)
    assert is_too_dear([ClientWish(kind="budget_item", value="50")], JUMPER)
    assert not is_too_dear([ClientWish(kind="budget_item", value="50", category="shoes")], JUMPER)
    assert not is_too_dear([ClientWish(kind="budget_item", value="50", strength="prefer")], JUMPER)


def test_answers_are_keys_in_the_order_of_the_wishes() -> None:
    wishes = [
        ClientWish(kind="warmth", value="warm", category="knitwear"),
        ClientWish(kind="size", value="S"),
        ClientWish(kind="category", value="knitwear"),
    ]
    assert list_answers(wishes, JUMPER) == ("warmth:warm@knitwear", "category:knitwear")


def test_a_budget_that_is_no_number_is_refused() -> None:
    with pytest.raises(ValidationError, match="plain number"):
        ClientWish(kind="budget_total", value="a lot")
