"""What may go into a Fix, and why not; what the assembly is asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from domain import built_in_answers, slot_rules
from domain.fixes.box_questions import build_question
from domain.fixes.candidates import EXCLUSION_REASONS, StockUnit, Wearer, find_reason, list_candidates
from domain.fixes.keep_model import USUAL_FIT, KeepModel
from domain.fixes.scoring import PriceLevels, ScoringContext
from domain.fixes.wish_answers import ItemTraits
from models.base import utc
from models.box_roles import BoxRole
from models.catalogue import Item, Season
from models.events import Fit
from models.fixes import FixItem, FixWish
from models.mail import Pick
from models.wishes import ClientWish

NOW = datetime(2026, 6, 1, tzinfo=UTC)
SCORING = ScoringContext(KeepModel(), PriceLevels(5_000.0, {}))


def item(item_id: str, **fields: Any) -> Item:
    given = {
        "title": item_id, "category": "Knitwear", "brand": "", "colour": "navy", "price_cents": 5000,
        "cost_cents": None, "season": Season.ALL, "sizes": ("S", "M", "L"), "tags": (),
        "sustainability": None, "added_at": utc(2026),
    }  # fmt: skip
    return Item.model_validate({**given, "item_id": item_id, **fields})


def units_of(*items: Item, free: int = 3) -> list[StockUnit]:
    return [
        StockUnit(f"{entry.item_id}-{size}", entry.item_id, size, free)
        for entry in items
        for size in entry.sizes or ("",)
    ]


def in_m(units: Sequence[StockUnit], _categories: Sequence[str]) -> list[float]:
    """Somebody whom M fits best."""
    return [{"M": 0.9, "L": 0.6}.get(unit.size, 0.3) for unit in units]


def choose(
    wish: FixWish, wearer: Wearer, *items: Item, units: Sequence[StockUnit] | None = None, unranked: Sequence[Item] = ()
):
    picks = [Pick(item_id=entry.item_id, score=1.0 - rank / 10) for rank, entry in enumerate(items)]
    known = {entry.item_id: entry for entry in (*items, *unranked)}
    shelf = units_of(*items, *unranked) if units is None else units
    woollen = ItemTraits(frozenset({("category", "knitwear"), ("material", "wool")}), price_cents=5_000)
    return list_candidates(wish, wearer, picks, known, shelf, in_m, SCORING, dict.fromkeys(known, woollen))


def test_each_item_comes_once_in_the_size_that_fits_best():
    items, left_out = choose(FixWish(), Wearer(), item("a"), item("b"))
    assert [entry.sku for entry in items] == ["a-M", "b-M"]
    assert left_out == {}
    assert items[0].p_fit == 0.9
    assert 0 < items[1].score < items[0].score < 0.9
    assert items[0].liking == pytest.approx(1.0)


def test_the_best_size_that_is_free_is_taken():
    units = [StockUnit("a-S", "a", "S", 1), StockUnit("a-M", "a", "M", 0), StockUnit("a-L", "a", "L", 2)]
    assert [entry.sku for entry in choose(FixWish(), Wearer(), item("a"), units=units)[0]] == ["a-L"]
    alike = [StockUnit("a-1", "a", "M", 1), StockUnit("a-2", "a", "M", 5)]
    assert [entry.sku for entry in choose(FixWish(), Wearer(), item("a"), units=alike)[0]] == ["a-2"]


def test_a_candidate_says_which_wishes_it_answers():
    wished = (
        ClientWish(kind="material", value="wool"),
        ClientWish(kind="size", value="M"),
        ClientWish(kind="season", value="winter"),
    )
    items, _ = choose(FixWish(wishes=wished), Wearer(), item("a"))
    assert items[0].answers == ("material:wool", "size:M")


def test_nobody_knows_how_a_piece_without_sizes_fits():
    scarf, counted_as_one = item("scarf", sizes=()), item("coat")
    items, _ = choose(
        FixWish(), Wearer(), scarf, counted_as_one, units=[*units_of(scarf), StockUnit("c", "coat", "", 3)]
    )
    assert {entry.item_id: entry.p_fit for entry in items} == {"scarf": USUAL_FIT, "coat": 0.3}


BARRED = [
    ("owned", FixWish(), Wearer(owned=frozenset({"a"})), {}),
    ("in_another_fix", FixWish(), Wearer(elsewhere=frozenset({"a"})), {}),
    ("sent_back", FixWish(), Wearer(sent_back=frozenset({"a"})), {}),
    ("excluded_item", FixWish(exclude_items=("a",)), Wearer(), {}),
    ("excluded_category", FixWish(exclude_categories=("KNITWEAR ",)), Wearer(), {}),
    ("excluded_colour", FixWish(exclude_colours=("Navy",)), Wearer(), {}),
    ("too_dear", FixWish(item_cap=Decimal("49.99")), Wearer(), {}),
    ("too_dear", FixWish(budget=Decimal("49.99")), Wearer(), {}),
    ("too_dear", FixWish(wishes=(ClientWish(kind="budget_item", value="49", category="knitwear"),)), Wearer(), {}),
    ("unwanted", FixWish(wishes=(ClientWish(kind="material", value="wool", strength="avoid"),)), Wearer(), {}),
    ("unsuited", FixWish(wishes=(ClientWish(kind="material", value="cotton"),)), Wearer(), {}),
    ("not_in_size", FixWish(), Wearer(sizes=("XL", "38")), {}),
    ("not_in_size", FixWish(sizes=("XL",)), Wearer(sizes=("M",)), {}),
    ("not_in_size", FixWish(), Wearer(sizes=("L",), verdicts={"knitwear": {"l": Fit.SMALL}}), {}),
    ("out_of_stock", FixWish(), Wearer(), {"free": 0}),
    ("out_of_stock", FixWish(), Wearer(), {"free": -1}),
]


@pytest.mark.parametrize(("reason", "wish", "wearer", "shelf"), BARRED)
def test_what_may_not_go_in_is_left_out_with_the_reason(reason, wish, wearer, shelf):
    items, left_out = choose(wish, wearer, item("a"), units=units_of(item("a"), **shelf))
    assert (items, left_out) == ((), {"a": reason})


@pytest.mark.parametrize(
    ("wishes", "stays_out"),
    [
        ([("avoid", "white")], True),
        ([("avoid", "white"), ("must", "cream")], False),
        ([("avoid", "white"), ("must", "pastel")], False),
        ([("avoid", "black")], False),
    ],
)
def test_who_wants_nothing_white_gets_no_cream_unless_they_ask_for_it(wishes, stays_out):
    told = tuple(ClientWish(kind="colour", value=value, strength=strength) for strength, value in wishes)
    cream = ItemTraits(frozenset({("colour", "cream"), ("colour", "pale"), ("colour", "pastel")}))
    unit = StockUnit("a", "a", "M", 1)
    reason = find_reason(FixWish(wishes=told), Wearer(sizes=("M",)), item("a"), [unit], cream)
    assert (reason == "unwanted") is stays_out


def test_every_reason_has_its_sentence_and_its_case():
    assert {reason for reason, *_ in BARRED} | {"not_ranked", "out_of_season"} == set(EXCLUSION_REASONS)


def test_what_was_not_ranked_is_told_too():
    ranked, better = item("a"), item("b")
    _, left_out = choose(FixWish(), Wearer(owned=frozenset({"b"})), ranked, unranked=[better, item("c")])
    assert left_out == {"b": "owned", "c": "not_ranked"}


def test_prices_at_the_limit_are_within_it():
    wish = FixWish(budget=Decimal("50.00"), item_cap=Decimal("50.00"))
    assert len(choose(wish, Wearer(), item("a"))[0]) == 1


def test_sizes_go_by_category():
    """The label of the trousers says nothing of the jumper; the feedback on jumpers says nothing of trousers."""
    jumper, trousers = item("a"), item("b", category="Trousers", sizes=("30", "32"))
    wearer = Wearer(sizes=("M", "32"), verdicts={"knitwear": {"m": Fit.SMALL}})
    assert {entry.sku for entry in choose(FixWish(), wearer, jumper, trousers)[0]} == {"a-L", "b-32"}
    stated = replace(wearer, verdicts={"trousers": {"m": Fit.SMALL}})
    assert {entry.sku for entry in choose(FixWish(), stated, jumper, trousers)[0]} == {"a-M", "b-32"}


def test_sizes_of_the_request_stand_above_all_else():
    wearer = Wearer(sizes=("M",), verdicts={"knitwear": {"s": Fit.LARGE}})
    assert [entry.sku for entry in choose(FixWish(sizes=("s",)), wearer, item("a"))[0]] == ["a-S"]


def test_an_item_without_sizes_fits_whoever_wears_what():
    scarf, uncounted = item("a", sizes=()), item("b")
    units = [StockUnit("a", "a", "", 1), StockUnit("b", "b", "One size", 1)]
    assert {entry.sku for entry in choose(FixWish(), Wearer(sizes=("M",)), scarf, uncounted, units=units)[0]} == {
        "a",
        "b",
    }
    _, left_out = choose(FixWish(), Wearer(sizes=("XL",)), scarf, uncounted, units=units)
    assert left_out == {"b": "not_in_size"}


def test_what_the_catalogue_does_not_know_is_passed_over():
    ghost = Pick(item_id="gone", score=9.0)
    items, left_out = list_candidates(FixWish(), Wearer(), [ghost], {}, [], in_m, SCORING)
    assert (items, left_out) == ((), {})


# --- the question ---


def piece(sku: str, score: float = 0.5, **fields: Any) -> FixItem:
    given = {
        "sku": sku,
        "item_id": sku,
        "category": "Knitwear",
        "colour": "Navy",
        "price_cents": 5000,
        "score": score,
        "role": BoxRole.KNITWEAR,
    }
    return FixItem.model_validate({**given, **fields})


def test_a_unit_pays_what_another_would_miss_by_it():
    question = build_question(FixWish(), [piece("a"), piece("b")], {"a": 0.2}, "ann", NOW, 7)
    assert {entry.sku: entry.score for entry in question.pieces} == {"a": pytest.approx(0.8), "b": 1.0}
    assert (question.client_id, question.now, question.seed) == ("ann", NOW, 7)


def test_what_is_not_worth_its_price_stays_out_unless_it_must_be_there():
    items = [piece("a"), piece("b", category="Dresses")]
    prices = {"a": 0.5, "b": 0.9}
    assert build_question(FixWish(), items, prices, "ann", NOW).pieces == ()
    question = build_question(FixWish(must_have=("dresses",)), items, prices, "ann", NOW)
    assert {entry.sku: entry.score for entry in question.pieces} == {"b": pytest.approx(0.1)}
    assert built_in_answers.answer_assembly(question).skus == ("b",)


def test_the_limits_of_the_wish_are_the_limits_of_the_question():
    wish = FixWish(
        slots=3, budget=Decimal("120.50"), item_cap=Decimal("80"), category_cap=1, colour_cap=2,
        must_have=("Dresses", "dresses"),
    )  # fmt: skip
    skirt = piece("a", category="skirt", role=BoxRole.BOTTOM)
    question = build_question(wish, [skirt, piece("b", category=" dresses", colour="NAVY")], {}, "ann", NOW)
    assert (question.slots, question.budget_cents, question.item_cap_cents) == (3, 12050, 8000)
    assert (question.category_cap, question.colour_cap, question.must_have) == (1, 2, ("dresses",))
    pairs = {(entry.category, entry.colour) for entry in question.pieces}
    assert pairs == {("bottom 1", "navy"), ("dresses", "navy")}
    assert slot_rules.check_assembly(question, built_in_answers.answer_assembly(question)) is None


def test_the_cardigan_asked_for_is_not_the_top_asked_for_as_well():
    wishes = tuple(ClientWish(kind="category", value=value) for value in ("top", "knitwear"))
    cardigan = item("a", category="knitwear")
    known = ItemTraits(frozenset({("category", "knitwear"), ("category", "top")}), price_cents=5_000)
    picks = [Pick(item_id="a", score=1.0)]
    for asked, answers in ((wishes, ("category:knitwear",)), (wishes[:1], ("category:top",))):
        chosen, _ = list_candidates(
            FixWish(wishes=asked), Wearer(), picks, {"a": cardigan}, units_of(cardigan), in_m, SCORING, {"a": known}
        )
        assert chosen[0].answers == answers
