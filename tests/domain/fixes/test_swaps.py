"""What a stylist may swap, and the sentence that refuses."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from domain.fixes.swaps import apply_swaps, check_swap, list_replaceable, list_replacements, may_add
from errors import BadInput
from models.fixes import FixItem, FixWish, Swap


def piece(sku: str, item_id: str = "", **fields: Any) -> FixItem:
    given = {"sku": sku, "item_id": item_id or sku, "category": "Knitwear", "colour": "Navy", "price_cents": 4000}
    return FixItem.model_validate({**given, "score": 0.5, **fields})


BOX = (
    piece("knit-M", "knit"),
    piece("dress-M", "dress", category="Dresses", colour="Red", price_cents=6000),
    piece("coat-M", "coat", category="Coats", price_cents=9000),
)
WISH = FixWish(
    slots=3, budget=Decimal("200"), item_cap=Decimal("95"), category_cap=1, colour_cap=2, must_have=("Dresses",)
)
SWAP = Swap(out="knit-M", into="shirt-M")
SHIRT = piece("shirt-M", "shirt", category="Shirts", colour="White", price_cents=5000)


def test_a_swap_that_keeps_every_rule_is_made():
    assert check_swap(WISH, BOX, SWAP, SHIRT) is None
    assert apply_swaps(WISH, BOX, [SWAP], {"shirt-M": SHIRT}) == (SHIRT, *BOX[1:])


REFUSED: list[tuple[Swap, FixItem | None, str, str]] = [
    (Swap(out="hat", into="shirt-M"), SHIRT, "", "out: hat is not in the box"),
    (Swap(out="knit-M", into="coat-M"), BOX[2], "", "into: coat-M is in the box already"),
    (Swap(out="knit-M", into="knit-M"), BOX[0], "", "into: knit-M is in the box already"),
    (SWAP, None, "", "into: shirt-M cannot go in: it is none of this Fix's candidates"),
    (SWAP, None, "owned", "into: shirt-M cannot go in: the client has it"),
    (SWAP, None, "not_in_size", "into: shirt-M cannot go in: it is not made in a size that the client wears"),
    (
        Swap(out="knit-M", into="coat-L"),
        piece("coat-L", "coat", category="Shirts"),
        "",
        "into: item coat would be in the box twice, in two sizes",
    ),
    (
        SWAP,
        piece("shirt-M", category="Shirts", price_cents=9501),
        "",
        "into: shirt-M costs 95.01; an item may cost 95.00",
    ),
    (
        SWAP,
        piece("shirt-M", category="Shirts", colour="", price_cents=5001),
        "",
        "into: the box would cost 200.01, 0.01 over the budget of 200.00",
    ),
    (SWAP, piece("shirt-M", category="coats "), "", "into: 2 items would be of the category coats; at most 1 may be"),
    (
        Swap(out="dress-M", into="shirt-M"),
        piece("shirt-M", category="Shirts", colour="NAVY"),
        "",
        "into: 3 items would be of the colour navy; at most 2 may be",
    ),
    (
        Swap(out="dress-M", into="shirt-M"),
        SHIRT,
        "",
        "out: nothing of dresses would be left, which the client asked for",
    ),
]


@pytest.mark.parametrize(("swap", "candidate", "reason", "sentence"), REFUSED)
def test_each_rule_refuses_in_a_sentence(swap, candidate, reason, sentence):
    assert str(check_swap(WISH, BOX, swap, candidate, reason)) == sentence
    with pytest.raises(BadInput) as refused:
        apply_swaps(WISH, BOX, [swap], {swap.into: candidate} if candidate else {}, {swap.into: reason})
    assert str(refused.value) == sentence


def test_a_refusal_names_some_that_may_go_in():
    dear = piece("dear-M", category="Shirts", price_cents=9501)
    known = {item.sku: item for item in (*BOX, dear, SHIRT, *(piece(f"hat-{k}", category="Hats") for k in range(4)))}
    with pytest.raises(BadInput, match=r"into: no-M cannot go in: it .* candidates; these may: shirt-M, hat-0, hat-1$"):
        apply_swaps(WISH, BOX, [Swap(out="knit-M", into="no-M")], known)
    with pytest.raises(BadInput, match=r"cannot go in: the client has it$"):
        apply_swaps(WISH, BOX, [Swap(out="knit-M", into="no-M")], {"dear-M": dear}, {"no-M": "owned"})


def test_what_may_come_and_what_may_leave_are_told_by_the_same_rules():
    assert list_replaceable(WISH, BOX, SHIRT) == ("knit-M", "coat-M"), "a dress must stay"
    assert list(list_replacements(WISH, BOX, "knit-M", [BOX[2], SHIRT])) == [SHIRT]


def test_swaps_of_one_decision_are_judged_together():
    """Each alone would break the budget or leave no dress; both together keep every rule."""
    gown = piece("gown-M", "gown", category="Dresses", colour="Red", price_cents=9000)
    tights = piece("tights", category="Hosiery", colour="", price_cents=500)
    both = [Swap(out="dress-M", into="gown-M"), Swap(out="knit-M", into="tights")]
    known = {"gown-M": gown, "tights": tights}
    assert check_swap(WISH, BOX, both[0], gown) is not None
    assert apply_swaps(WISH, BOX, both, known) == (tights, gown, BOX[2])


@pytest.mark.parametrize(
    "swaps",
    [
        [SWAP, Swap(out="knit-M", into="tights")],
        [SWAP, Swap(out="coat-M", into="shirt-M")],
    ],
)
def test_nothing_is_swapped_twice(swaps):
    with pytest.raises(BadInput, match="swaps: an item is named twice"):
        apply_swaps(WISH, BOX, swaps, {"shirt-M": SHIRT, "tights": piece("tights", category="Hosiery", colour="")})


def test_what_was_missing_before_is_no_reason_to_refuse():
    """No dress could be had: the stylist may swap all the same."""
    box = (BOX[0], BOX[2])
    assert check_swap(WISH, box, SWAP, SHIRT) is None


def test_an_item_comes_in_alone_while_there_is_room():
    wish = WISH.model_copy(update={"slots": 4})
    add = Swap(into="shirt-M")
    assert may_add(wish, BOX, SHIRT) is False, "the budget"
    wish = wish.model_copy(update={"budget": None})
    assert may_add(wish, BOX, SHIRT)
    assert apply_swaps(wish, BOX, [add], {"shirt-M": SHIRT}) == (*BOX, SHIRT)
    with pytest.raises(BadInput, match="4 items would be in the box; the client asked for 3"):
        apply_swaps(wish.model_copy(update={"slots": 3}), BOX, [add], {"shirt-M": SHIRT})
    with pytest.raises(BadInput, match="into: no-M cannot go in"):
        apply_swaps(wish, BOX, [Swap(into="no-M")], {})


def test_an_item_goes_alone_but_not_the_last_nor_what_was_asked_for():
    assert apply_swaps(WISH, BOX, [Swap(out="knit-M")], {}) == BOX[1:]
    with pytest.raises(BadInput, match="nothing of dresses would be left"):
        apply_swaps(WISH, BOX, [Swap(out="dress-M")], {})
    with pytest.raises(BadInput, match="the box would be empty"):
        apply_swaps(FixWish(), BOX[:1], [Swap(out="knit-M")], {})


def test_another_size_of_an_item_takes_its_place():
    larger = BOX[0].model_copy(update={"sku": "knit-L", "size": "L"})
    assert apply_swaps(WISH, BOX, [Swap(out="knit-M", into="knit-L")], {"knit-L": larger})[0] == larger
    with pytest.raises(BadInput, match="twice, in two sizes"):
        apply_swaps(WISH.model_copy(update={"slots": 9}), BOX, [Swap(into="knit-L")], {"knit-L": larger})


def test_a_change_that_makes_no_broken_rule_worse_is_made():
    """The box was over its budget and caps before, as when a price rose: taking something out is right."""
    broken = FixWish(slots=3, budget=Decimal("1"), item_cap=Decimal("1"), category_cap=1, colour_cap=1)
    assert len(apply_swaps(broken, BOX, [Swap(out="coat-M")], {})) == 2
    with pytest.raises(BadInput, match=r"an item may cost 1\.00"):
        apply_swaps(broken, BOX, [Swap(out="knit-M", into="shirt-M")], {"shirt-M": SHIRT})
