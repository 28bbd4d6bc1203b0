"""What a candidate is worth: value, season, last boxes, wishes, and what it goes with."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from domain.fixes.colours import score_colours
from domain.fixes.keep_model import KeepModel
from domain.fixes.outfits import PieceLook, build_look, choose_anchor, list_outfits, score_pair
from domain.fixes.scoring import NAMED, OUT_OF_SEASON, PriceLevels, ScoringContext, limit_by_role, score_candidates
from models.base import utc
from models.box_roles import BoxRole
from models.catalogue import Item, Season
from models.fixes import FixItem, FixWish
from models.wishes import ClientWish

CONTEXT = ScoringContext(KeepModel(), PriceLevels(5_000.0, {"shirt": 5_000.0}, 6_000.0), value_weight=0.0)


def describe(item_id: str, category: str = "shirt", **fields: Any) -> Item:
    given = {
        "title": item_id, "category": category, "brand": "", "colour": "black", "price_cents": 5_000,
        "cost_cents": None, "season": Season.ALL, "sizes": (), "tags": (), "sustainability": None,
        "added_at": utc(2026),
    }  # fmt: skip
    return Item.model_validate({**given, "item_id": item_id, **fields})


def score(
    *items: Item, wish: FixWish | None = None, context: ScoringContext = CONTEXT, **answers: Any
) -> dict[str, FixItem]:
    """Score items as candidates that the client likes alike; `answers` by item."""
    candidates = [
        FixItem(
            sku=item.item_id, item_id=item.item_id, category=item.category, colour=item.colour,
            price_cents=item.price_cents, score=0.0, p_fit=0.74, answers=answers.get(item.item_id, ()),
        )
        for item in items
    ]  # fmt: skip
    known = {item.item_id: item for item in items}
    return {item.sku: item for item in score_candidates(wish or FixWish(), candidates, known, context)}


def get_worth(scored: dict[str, FixItem], sku: str) -> float:
    worth = scored[sku].worth
    assert worth is not None
    return worth


def test_the_shop_weighs_kept_pieces_against_what_is_paid():
    cheap, dear = describe("cheap", price_cents=4_000), describe("dear", price_cents=5_200)
    by_items = score(cheap, dear)
    assert get_worth(by_items, "cheap") == pytest.approx(by_items["cheap"].score, rel=0.05)
    assert get_worth(by_items, "dear") < get_worth(by_items, "cheap")
    by_value = score(cheap, dear, context=CONTEXT._replace(value_weight=1.0))
    assert get_worth(by_value, "dear") > get_worth(by_value, "cheap")
    assert by_value["dear"].score == by_items["dear"].score


def test_a_piece_for_another_season_is_worth_less_unless_it_was_asked_for():
    shirts = describe("linen", season=Season.SUMMER), describe("flannel", season=Season.WINTER)
    winter = CONTEXT._replace(seasons={Season.WINTER: 1.0, Season.SUMMER: 0.0, Season.ALL: 0.8})
    now = score(*shirts, context=winter)
    assert get_worth(now, "linen") == pytest.approx(OUT_OF_SEASON * get_worth(now, "flannel"), rel=0.01)
    holiday = FixWish(wishes=(ClientWish(kind="season", value="summer"),))
    then = score(*shirts, context=winter, wish=holiday)
    assert get_worth(then, "linen") > get_worth(then, "flannel")


def test_what_the_last_boxes_held_is_worth_less():
    shirts = describe("black"), describe("white", colour="white")
    scored = score(*shirts, context=CONTEXT._replace(before=[("shirt", "black")]))
    assert get_worth(scored, "black") < get_worth(scored, "white")


def test_an_answered_wish_is_worth_more_and_likelier_to_be_kept():
    green = ClientWish(kind="colour", value="green", strength="prefer")
    scored = score(describe("a"), describe("b"), wish=FixWish(wishes=(green,)), a=(green.key,))
    assert get_worth(scored, "a") > 1.3 * get_worth(scored, "b")
    assert scored["a"].score > scored["b"].score
    assert scored["a"].answered == 1.0


def test_a_title_with_the_client_s_own_word_is_worth_more():
    jumper = ClientWish(kind="category", value="shirt", quote="Jumpers")
    asked = FixWish(wishes=(jumper,))
    named, vest = describe("a", title="Elsie merino jumper"), describe("b", title="Elsie knitted vest")
    scored = score(named, vest, wish=asked,
                   a=(jumper.key,), b=(jumper.key,))  # fmt: skip
    assert (scored["a"].named, scored["b"].named) == (True, False)
    plain = ClientWish(kind="category", value="shirt", quote="work shirts")  # all of the category are shirts
    assert not score(describe("a", title="Elsie silk shirt"), wish=FixWish(wishes=(plain,)), a=(plain.key,))["a"].named
    assert get_worth(scored, "a") == pytest.approx(NAMED * get_worth(scored, "b"), rel=0.01)


def test_prices_are_told_by_category_and_by_what_the_client_has_for_a_piece():
    item = describe("a", price_cents=10_000)
    assert score(item)["a"].price_ratio == pytest.approx(0.693, abs=0.001)
    assert score(item)["a"].reach == pytest.approx(0.511, abs=0.001)
    tight = score(item, wish=FixWish(budget=Decimal(100), slots=5))["a"]
    assert tight.reach == pytest.approx(1.609, abs=0.001)
    assert tight.score < score(item)["a"].score


def test_the_best_of_each_role_stay_where_there_are_too_many():
    shirts = [describe(f"s{k}", price_cents=4_000) for k in range(8)]
    scored = score(*shirts, describe("coat", "coat", price_cents=30_000))
    kept = limit_by_role(list(scored.values()), 4)
    assert len(kept) == 4
    assert "coat" in {item.sku for item in kept}


def test_of_what_was_asked_for_those_stay_that_are_most_as_asked_for():
    shoes = [item.model_copy(update={"lacks": 3}) for item in score(*(describe(f"s{k}") for k in range(8))).values()]
    heeled = shoes[-1].model_copy(update={"lacks": 0, "answers": ("fit:heels@shoes",)})
    assert heeled.sku in {item.sku for item in limit_by_role([*shoes[:-1], heeled], 4, [shoes[0].category])}
    assert heeled.sku not in {item.sku for item in limit_by_role([*shoes[:-1], heeled], 4)}


def look(role: BoxRole, colour: str = "black", styles: str = "", season: Season = Season.ALL) -> PieceLook:
    return PieceLook(role, colour, frozenset(styles.split()), season)


def test_quiet_colours_go_with_all_and_loud_ones_with_their_neighbours():
    assert score_colours("navy", "rust") == score_colours("rose", "cream") == 1.0
    assert score_colours("burgundy", "rose") > score_colours("burgundy", "forest") > score_colours("rust", "forest")
    assert score_colours("dark green", "green") > score_colours("green", "lilac")
    assert 0 < score_colours("paisley", "rose") < 1


def test_colour_style_and_season_tell_what_goes_together():
    skirt = look(BoxRole.BOTTOM, "rust", "classic", Season.WINTER)
    shirt = look(BoxRole.TOP, "cream", "classic", Season.WINTER)
    for other in (shirt._replace(colour="lilac"), shirt._replace(styles=frozenset({"sporty"})),
                  shirt._replace(season=Season.SUMMER)):  # fmt: skip
        assert score_pair(skirt, other) < score_pair(skirt, shirt)


def test_a_box_is_built_around_pieces_that_go_together_and_were_asked_for():
    looks = [
        look(BoxRole.TOP, "lilac"),
        look(BoxRole.TOP, "cream"),
        look(BoxRole.BOTTOM, "rust"),
        look(BoxRole.DRESS, "red"),
    ]
    none = [False] * 4
    assert choose_anchor(looks, [0.5, 0.5, 0.5, 0.4], none) == [1, 2]
    assert choose_anchor(looks, [0.5, 0.5, 0.5, 0.9], none) == [3]
    assert choose_anchor(looks, [0.5, 0.5, 0.5, 0.9], [False, False, True, False]) == [1, 2]
    assert choose_anchor([look(BoxRole.SHOES)], [0.5], [False]) == []


def test_outfits_of_a_box_hold_what_is_worn_together():
    box = {
        "shirt": look(BoxRole.TOP, "cream"), "jeans": look(BoxRole.BOTTOM, "navy"),
        "dress": look(BoxRole.DRESS, "black"), "coat": look(BoxRole.OUTERWEAR, "camel"),
        "bag": look(BoxRole.BAG, "black"),
    }  # fmt: skip
    outfits = {frozenset(outfit) for outfit in list_outfits(box)}
    assert outfits == {frozenset({"shirt", "jeans", "coat", "bag"}), frozenset({"dress", "coat", "bag"})}
    assert list_outfits({"shirt": box["shirt"], "bag": box["bag"]}) == ()
    assert build_look(describe("a", tags=("Classic",), colour="Navy"), BoxRole.TOP).styles == {"classic"}
