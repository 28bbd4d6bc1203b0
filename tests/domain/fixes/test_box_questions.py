"""The places of a box: what of each role goes in, and what the client asked for."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algorithms.assembly import built_in
from domain.fixes.asked import list_asked
from domain.fixes.box_questions import build_question
from domain.fixes.roles import EXTRAS, find_role
from models.box_roles import BoxRole
from models.fixes import FixItem, FixWish
from models.wishes import ClientWish

NOW = datetime(2026, 6, 1, tzinfo=UTC)
KINDS = (
    "shirt",
    "t-shirt",
    "trousers",
    "jeans",
    "skirt",
    "dress",
    "knitwear",
    "coat",
    "jacket",
    "shoes",
    "bag",
    "scarf",
)


def piece(sku: str, category: str, score: float = 0.5, **fields: Any) -> FixItem:
    known = {"sku": sku, "item_id": sku, "category": category, "price_cents": 5_000, "role": find_role(category)}
    return FixItem.model_validate({**known, "score": score, "worth": score, **fields})


def shelf(score: float = 0.5, *kinds: str, count: int = 4) -> list[FixItem]:
    """Pieces of each category; bags and scarves are worth far more than the rest."""
    return [
        piece(f"{kind}{k}", kind, score + 0.4 * (find_role(kind) in EXTRAS) - 0.01 * k)
        for kind in kinds or KINDS
        for k in range(count)
    ]


def fill(wish: FixWish, items: list[FixItem]) -> list[FixItem]:
    """The box that the exact assembly makes."""
    question = build_question(wish, items, {}, "ann", NOW)
    by_sku = {item.sku: item for item in items}
    return [by_sku[sku] for sku in built_in.answer(question).skus]


def test_a_box_has_one_bag_or_accessory_at_most_however_well_they_score():
    box = fill(FixWish(), shelf())
    assert len(box) == 5
    assert sum(item.role in EXTRAS for item in box) == 1
    most = Counter(item.role for item in box)
    assert max(most.values()) <= 2
    assert most[BoxRole.SHOES] <= 1


def test_bags_and_scarves_that_were_asked_for_come_both():
    box = fill(FixWish(must_have=("bag", "scarf")), shelf())
    assert Counter(item.category for item in box if item.role in EXTRAS) == {"bag": 1, "scarf": 1}


def test_two_of_a_category_come_where_two_were_asked_for():
    two = ClientWish(kind="quantity", value="2 knitwear")
    wish = FixWish(must_have=("knitwear",), wishes=(two,))
    assert list_asked(wish) == ("knitwear", "knitwear")
    assert sum(item.category == "knitwear" for item in fill(wish, [*shelf(), piece("z", "dress", 0.9)])) == 2


def test_of_what_was_asked_for_the_piece_that_answers_comes():
    warm = ClientWish(kind="warmth", value="warm", category="knitwear")
    jumper = ClientWish(kind="category", value="knitwear")
    answers = (jumper.key, warm.key)
    thin, thick = piece("thin", "knitwear", 0.9, answers=answers[:1]), piece("thick", "knitwear", 0.2, answers=answers)
    box = fill(FixWish(must_have=("knitwear",), wishes=(jumper, warm)), [thin, thick, *shelf(0.5, "shirt", "skirt")])
    assert "thick" in {item.sku for item in box}
    assert "thin" not in {item.sku for item in box}


def test_the_client_s_own_word_is_taken_at_its_word_where_it_can_be():
    blazer = ClientWish(kind="category", value="jacket", quote="blazer")
    chore = piece("chore", "jacket", 0.9, answers=(blazer.key,))
    named = piece("blazer", "jacket", 0.2, answers=(blazer.key,), named=True)
    wish, others = FixWish(wishes=(blazer,)), shelf(0.5, "shirt", "skirt")
    assert "blazer" in {item.sku for item in fill(wish, [chore, named, *others])}
    assert "chore" in {item.sku for item in fill(wish, [chore, *others])}


def test_who_asks_for_t_shirts_may_get_two_but_not_three_tops():
    box = fill(FixWish(must_have=("t-shirt",)), [*shelf(0.5), *(piece(f"x{k}", "t-shirt", 0.95) for k in range(4))])
    assert Counter(item.category for item in box)["t-shirt"] == 2
    assert Counter(item.role for item in box)[BoxRole.TOP] == 2


def test_a_word_for_several_categories_is_answered_by_any_of_them():
    top = ClientWish(kind="category", value="top")
    shirts = [piece(f"s{k}", "shirt", 0.1, answers=(top.key,)) for k in range(3)]
    box = fill(FixWish(slots=2, wishes=(top,)), [*shirts, *shelf(0.8, "coat", "shoes", "skirt")])
    assert Counter(item.category for item in box)["shirt"] == 1


@pytest.mark.parametrize(("kinds", "size"), [(("shoes",), 2), (("bag", "scarf"), 4), (("shirt", "shoes", "bag"), 5)])
def test_a_shop_of_few_roles_still_fills_its_boxes(kinds, size):
    box = fill(FixWish(), shelf(0.5, *kinds))
    assert len(box) == size
    assert max(Counter(item.category for item in box).values()) <= 2


def test_a_cap_of_the_category_holds_within_a_role():
    box = fill(FixWish(category_cap=1, slots=8), shelf())
    assert max(Counter(item.category for item in box).values()) == 1


def test_fixes_ranked_before_there_were_roles_still_get_a_box():
    old = [
        item.model_copy(update={"role": BoxRole.OTHER, "worth": None}) for item in shelf(0.5, "shirt", "coat", "skirt")
    ]
    assert len(fill(FixWish(), old)) == 5


@settings(max_examples=60, deadline=None)
@given(
    scores=st.lists(st.integers(1, 99), min_size=36, max_size=36),
    asked=st.lists(st.sampled_from(KINDS), max_size=3, unique=True),
    slots=st.integers(1, 8),
)
def test_places_hold_whatever_the_scores_are(scores: list[int], asked: list[str], slots: int) -> None:
    items = [piece(f"i{k}", KINDS[k % len(KINDS)], score / 100) for k, score in enumerate(scores)]
    wish = FixWish(slots=max(slots, len(asked)), must_have=tuple(asked))
    box = fill(wish, items)
    kinds = Counter(item.category for item in box)
    assert set(asked) <= set(kinds)
    extra = sum(item.role in EXTRAS for item in box)
    assert extra <= 2 + (wish.slots > 5) + sum(find_role(kind) in EXTRAS for kind in asked)
    assert len(box) == wish.slots or asked  # what was asked for leaves no room for more to wear over it, say


def test_a_box_of_which_nothing_is_asked_has_an_outfit_even_of_pieces_that_are_worth_little():
    shoes = [piece(f"shoes{k}", "shoes", 0.9) for k in range(3)]
    dear = [piece("coat", "coat", 0.9), piece("bag", "bag", 0.9), piece("jumper", "knitwear", 0.9)]
    low = [piece("skirt", "skirt", 0.05), piece("shirt", "shirt", 0.05)]
    assert {"skirt", "shirt"} <= {item.sku for item in fill(FixWish(slots=4), [*shoes, *dear, *low])}


def test_no_two_pieces_of_one_category_and_colour_or_of_one_cut_go_in():
    same_colour = [piece("a", "jeans", 0.9, colour="sky"), piece("b", "jeans", 0.8, colour="sky")]
    same_cut = [piece(k, "shirt", 0.8, cut="brushed overshirt", colour=k) for k in ("navy", "rust")]
    box = [item.sku for item in fill(FixWish(), [*same_colour, *same_cut, *shelf(0.3, "coat", "shoes")])]
    assert len({"a", "b"} & {*box}) == len({"navy", "rust"} & {*box}) == 1


def test_who_asks_for_boots_gets_boots_and_no_other_shoes():
    boots = ClientWish(kind="category", value="shoes", detail="boots")
    worn, wanted = piece("loafers", "shoes", 0.9), piece("boots", "shoes", 0.1, answers=(boots.key,))
    chosen = {item.sku for item in fill(FixWish(wishes=(boots,)), [worn, wanted, *shelf(0.5, "shirt", "skirt")])}
    assert "boots" in chosen
    assert "loafers" not in chosen


def test_beside_a_dress_that_was_asked_for_come_no_top_and_no_jumper():
    jumper = piece("jumper", "knitwear", 0.99, kinds=("jumper",))
    box = fill(FixWish(must_have=("dress",)), [jumper, *shelf()])
    assert BoxRole.DRESS in {item.role for item in box}
    assert not {BoxRole.TOP, BoxRole.BOTTOM} & {item.role for item in box}
    assert "jumper" not in {item.sku for item in box}


def test_five_fair_pieces_come_before_four_dear_ones():
    dear = [piece(f"d{k}", f"kind {k}", 0.9, price_cents=9_000) for k in range(4)]
    fair = [piece(f"f{k}", f"sort {k}", 0.6, price_cents=7_000) for k in range(5)]
    assert len(fill(FixWish.model_validate({"budget": "360"}), [*dear, *fair])) == 5


def test_t_shirts_are_several_and_trousers_are_one_pair():
    shirts = ClientWish(kind="category", value="t-shirt", quote="T-shirts")
    trousers = ClientWish(kind="category", value="trousers", quote="trousers")
    assert list_asked(FixWish(wishes=(shirts, trousers))) == ("t-shirt", "trousers", "t-shirt")


@pytest.mark.parametrize(
    ("word", "value", "several"),
    [("vestidos", "dress", True), ("Kleider", "dress", True), ("فساتين", "dress", True), ("قمصان", "shirt", True),
     ("Kleid", "dress", False), ("فستان", "dress", False), ("trousers", "trousers", False),
     ("Hosen", "trousers", True)],
)  # fmt: skip
def test_several_are_several_in_every_language(word: str, value: str, several: bool):
    wish = FixWish(wishes=(ClientWish(kind="category", value=value, quote=word),))
    assert list_asked(wish) == (value,) * (1 + several)


def test_a_plainer_piece_comes_rather_than_none_where_the_best_ones_cost_the_whole_budget():
    dressy = ClientWish(kind="style", value="elegant", category="shirt")
    asked = [ClientWish(kind="category", value=value) for value in ("shirt", "skirt")]
    answers = (asked[0].key, dressy.key)
    silk = piece("silk", "shirt", 0.9, answers=answers, price_cents=15_000)
    plain = piece("plain", "shirt", 0.2, answers=answers[:1], price_cents=4_000)
    shelves = [silk, plain, *shelf(0.5, "skirt", count=1)]
    for budget, comes in ((100, "plain"), (200, "silk")):
        wish = FixWish(budget=budget, wishes=(*asked, dressy), must_have=("shirt", "skirt"))
        assert {item.sku for item in fill(wish, shelves)} == {comes, "skirt0"}


def test_a_further_piece_never_costs_what_was_asked_for_its_best_answer():
    named, shade = (ClientWish(kind="colour", value=value) for value in ("navy", "neutral"))
    asked = ClientWish(kind="category", value="jacket")
    black = piece("black", "jacket", 0.9, answers=(asked.key, shade.key), colour="black", price_cents=5_000)
    navy = piece("navy", "jacket", 0.3, answers=(asked.key, named.key, shade.key), colour="navy", price_cents=9_000)
    wish = FixWish(budget=100, wishes=(asked, named, shade), must_have=("jacket",))
    box = fill(wish, [black, navy, piece("shirt", "shirt", 0.9, answers=(shade.key,))])
    assert [item.sku for item in box] == ["navy"]


def test_beside_a_dress_comes_a_wrap_or_a_cardigan_and_no_scarf():
    scarf, wrap = piece("scarf", "scarf", 0.99, cut="square scarf"), piece("wrap", "scarf", 0.9, cut="silk wrap")
    wish = FixWish(must_have=("dress",), wishes=(ClientWish(kind="category", value="dress"),))
    box = fill(wish, [scarf, wrap, *shelf(0.5, "dress", "shoes", "knitwear", "bag")])
    assert "scarf" not in {item.sku for item in box}
    assert sum(item.sku == "wrap" or item.category == "knitwear" for item in box) == 1


@given(
    st.lists(st.tuples(st.sampled_from(KINDS), st.integers(1, 9), st.integers(10, 200)), min_size=1, max_size=14),
    st.integers(50, 500),
)
def test_boxes_keep_to_the_budget_and_to_one_bag_or_scarf(pieces: list[tuple[str, int, int]], budget: int):
    items = [piece(f"p{k}", kind, score / 10, price_cents=100 * price) for k, (kind, score, price) in enumerate(pieces)]
    asked = ClientWish(kind="category", value=pieces[0][0])
    box = fill(FixWish(budget=budget, wishes=(asked,)), items)
    assert sum(item.price_cents for item in box) <= 100 * budget
    extras = [item for item in box if item.role in EXTRAS and item.category != asked.value]
    assert len(extras) <= 1 or any(item.cut.endswith("wrap") for item in extras)
