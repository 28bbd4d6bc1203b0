"""A choice that a client leaves, "a coat or a jacket": one is enough, in boxes, waves, swaps and in what is said."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from itertools import combinations
from random import Random
from typing import TypeVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from algorithms.assembly import built_in, parts
from algorithms.assembly.checks import find_faults, find_lacking_clients
from algorithms.assembly.wave import assemble
from domain.fixes.asked import build_finder, list_asked, list_choices, list_liked
from domain.fixes.box_questions import build_question
from domain.fixes.must_haves import cover_must_haves
from domain.fixes.notes import derive_fields, explain_wishes
from domain.fixes.reading.items import map_catalogue
from domain.fixes.reading.reader import read_wishes
from domain.fixes.roles import find_role
from domain.fixes.swaps import check_swap
from domain.fixes.unmet import list_unmet
from domain.fixes.unmet_sentences import tell_unmet
from models.fixes import FixItem, FixWish, Swap
from models.slots import AssemblyQuestion, Piece
from models.wishes import ClientWish
from tests.domain.fixes.test_notes import WORDS

NOW = datetime(2026, 6, 1, tzinfo=UTC)
EITHER = ("coat", "jacket")
KINDS = (*EITHER, "trousers", "shirt", "dress")
CHOICE = tuple(
    ClientWish(kind="category", value=value, quote=f"a {value}", either="coat or jacket") for value in EITHER
)

_Unit = TypeVar("_Unit", Piece, FixItem)


def piece(sku: str, category: str, price: int = 5_000, score: float = 0.5) -> FixItem:
    known = {"sku": sku, "item_id": sku, "category": category, "price_cents": price, "role": find_role(category)}
    return FixItem.model_validate({**known, "score": score, "worth": score, "answers": (f"category:{category}",)})


@st.composite
def shelves(draw: st.DrawFn) -> list[FixItem]:
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=8))
    prices, scores = st.sampled_from((1_000, 3_000, 5_000)), st.sampled_from((0.1, 0.4, 0.9))
    return [piece(f"s{at}", kind, draw(prices), draw(scores)) for at, kind in enumerate(kinds)]


def list_subsets(items: Sequence[_Unit], most: int) -> Iterator[tuple[_Unit, ...]]:
    return (box for size in range(most + 1) for box in combinations(items, size))


def holds_either(box: Sequence[FixItem]) -> bool:
    return any(item.category in EITHER for item in box)


def is_said(wish: FixWish, box: Sequence[FixItem]) -> bool:
    return any(entry.key in ("category:coat", "category:jacket") for entry in list_unmet(wish, box, {}))


@settings(max_examples=30, deadline=None)
@given(items=shelves())
def test_a_box_meets_a_choice_just_where_it_holds_one_of_its_parts(items: list[FixItem]) -> None:
    wish = FixWish(slots=4, wishes=CHOICE)
    for box in list_subsets(items, 4):
        assert is_said(wish, box) != holds_either(box)


@settings(max_examples=30, deadline=None)
@given(items=shelves(), budget=st.sampled_from((None, 30, 60, 90)), slots=st.integers(2, 3))
def test_a_box_holds_a_part_wherever_one_can_be_had_with_what_else_must_come(
    items: list[FixItem], budget: int | None, slots: int
) -> None:
    trousers = ClientWish(kind="category", value="trousers")
    wish = FixWish(slots=slots, budget=None if budget is None else Decimal(budget), wishes=(*CHOICE, trousers))
    question = build_question(wish, items, {}, "ann", NOW)
    best = max(count_held(question, box) for box in list_subsets(question.pieces, slots) if keeps(question, box))
    skus = {*built_in.answer(question).skus}
    box = [item for item in items if item.sku in skus]
    held = holds_either(box) + any(item.category == "trousers" for item in box)
    assert held == best
    assert sum(item.category in EITHER for item in box) <= 1, "one is enough"


def test_of_a_choice_across_roles_no_second_piece_takes_another_place() -> None:
    """A skirt beside the dress would take one of the places for bottoms."""
    wish = FixWish(wishes=tuple(ClientWish(kind="category", value=value, either="x") for value in ("dress", "skirt")))
    items = [
        *(piece(f"{kind}{at}", kind, 1_000, 0.9) for kind in ("skirt", "dress") for at in range(2)),
        *(piece(kind, kind, 1_000, 0.2) for kind in ("shirt", "t-shirt", "shoes", "jacket", "trousers")),
    ]
    skus = built_in.answer(build_question(wish, items, {}, "ann", NOW)).skus
    assert sum(sku.startswith(("dress", "skirt")) for sku in skus) == 1


def keeps(question: AssemblyQuestion, box: Sequence[Piece]) -> bool:
    groups = [entry.category for entry in box]
    colours = [entry.colour for entry in box if entry.colour]
    return (
        len({*groups}) == len(groups)
        and all(colours.count(colour) <= (question.colour_cap or 99) for colour in colours)
        and (question.budget_cents is None or sum(entry.price_cents for entry in box) <= question.budget_cents)
    )


def count_held(question: AssemblyQuestion, box: Sequence[Piece]) -> int:
    return len({entry.category for entry in box} & {*question.must_have})


@pytest.mark.parametrize("units", [1, 3])
def test_a_wave_counts_whoever_has_neither_as_lacking_and_leaves_none_where_stock_suffices(units: int) -> None:
    rng = Random(units)
    shelf = [piece(f"s{at}", kind, 1_000, rng.random()) for at, kind in enumerate((*EITHER, "shirt", "trousers"))]
    wish = FixWish(slots=2, wishes=CHOICE)
    questions = [build_question(wish, shelf, {}, f"c{number}", NOW) for number in range(3)]
    problem = parts.build_problem(questions)
    wave = parts.build_wave(problem, problem["skus"], np.full(len(problem["skus"]), units))
    chosen = assemble(wave).chosen
    kinds = {item.sku: item.category for item in shelf}
    held = [0, 0, 0]
    for at in chosen:
        held[wave.client[at]] += kinds[str(problem["skus"][wave.sku[at]])] in EITHER
    assert not find_faults(wave, chosen)
    assert [*find_lacking_clients(wave, chosen)] == [number for number in range(3) if held[number] == 0]
    assert sorted(held) == ([1, 1, 1] if units == 3 else [0, 1, 1]), "two units of either kind serve two clients"


@settings(max_examples=30, deadline=None)
@given(items=shelves())
def test_a_swap_is_refused_just_where_it_takes_the_last_part(items: list[FixItem]) -> None:
    wish = FixWish(slots=9, category_cap=9, colour_cap=9, wishes=CHOICE)
    for out in items:
        for new in (*KINDS, None):
            into = None if new is None else piece("new", new)
            after = [item for item in items if item is not out] + ([] if into is None else [into])
            wrong = check_swap(wish, items, Swap(out=out.sku, into=into and into.sku), into)
            lost = holds_either(items) and not holds_either(after)
            assert (wrong is not None) == (lost or not after)
            if lost and after:
                assert "nothing of coat or jacket" in str(wrong)


@pytest.mark.parametrize(
    ("note", "choices"),
    [
        ("a coat or a jacket", {"coat or jacket"}),
        ("coat/jacket", {"coat or jacket"}),
        ("I need something either in green or blue", {"green or blue"}),
        ("boots or loafers, whichever suits", {"boots or loafers"}),
        ("boots, loafers, whichever suits", {"boots or loafers"}),
        ("a coat, a jacket or a dress please", {"coat or jacket or dress"}),
        ("a dress, a coat or jacket", {"coat or jacket"}),
        ("jeans, a jumper or cardigan and boots", {"jumper or cardigan"}),
        ("I need a skirt and a coat or a jacket", {"coat or jacket"}),
        ("a coat up to 200 or a jacket", {"coat or jacket"}),
        ("a black or navy dress or a skirt", {"black or navy", "dress or skirt"}),
        ("Mantel oder Jacke, was besser passt", {"coat or jacket"}),
        ("J'ai besoin d'un manteau ou d'une veste, au choix", {"coat or jacket"}),
        ("Necesito falda u abrigo, uno de los dos", {"skirt or coat"}),
        ("أحتاج معطف أو جاكيت، أيهما أنسب", {"coat or jacket"}),
        ("a coat and a jacket", set()),
        ("no coat or jacket", set()),
        ("I have a coat or a jacket", set()),
        ("jeans, one or two tops", set()),
        ("a dress or something, and shoes", set()),
        ("a coat or maybe a jacket", set()),
        ("to go with my green coat or my navy jacket", set()),
    ],
)
def test_an_or_is_read_as_a_choice_where_it_is_one(note: str, choices: set[str]) -> None:
    reading = read_wishes(note, WORDS)
    assert {wish.either for wish in reading.wishes} - {""} == choices
    assert not reading.not_understood


@pytest.mark.parametrize(
    ("note", "tied"),
    [
        ("a coat or a jacket in green", "colour:green@coat colour:green@jacket"),
        ("a coat or jacket in green or blue",
         "colour:blue@coat colour:blue@jacket colour:green@coat colour:green@jacket"),
        ("Mantel oder Jacke in Grün", "colour:green@coat colour:green@jacket"),
        ("a coat or a jacket for the evening", "occasion:evening@coat occasion:evening@jacket"),
        ("a red coat or a jacket in blue", "colour:blue@jacket colour:red@coat"),
        ("a coat and a jacket in green", "colour:green@jacket"),
        ("coat or jacket under 90", "budget_item:90@coat budget_item:90@jacket"),
        ("a coat or a jacket, under 90", "budget_item:90@coat budget_item:90@jacket"),
        ("under 90 for a coat or a jacket", "budget_item:90@coat budget_item:90@jacket"),
        ("coat or jacket under 90, shoes under 50", "budget_item:50@shoes budget_item:90@coat budget_item:90@jacket"),
        ("a skirt, a coat or jacket, under 90", "budget_total:90"),
        ("a coat up to 200 or a jacket", "budget_item:200@coat"),
        ("coat under 200 or jacket under 100", "budget_item:100@jacket budget_item:200@coat"),
    ],
)  # fmt: skip
def test_what_is_said_behind_a_choice_is_said_of_all_of_it(note: str, tied: str) -> None:
    wishes = read_wishes(note, WORDS).wishes
    assert " ".join(sorted(wish.key for wish in wishes if wish.kind != "category")) == tied


def test_what_was_understood_is_said_in_words() -> None:
    wishes = read_wishes("A red coat or a blue jacket, and a black or navy dress. I'd love boots or loafers.", WORDS)
    assert explain_wishes(wishes.wishes) == (
        "Wants red coat or blue jacket; black or navy dress; dress.",
        "Would like boots or loafers.",
    )
    tied = read_wishes("a coat or a jacket in green under 90, shoes under 50", WORDS).wishes
    (said,) = explain_wishes(tied)
    assert said == "Wants green coat or green jacket; shoes; at most 90 for coat or jacket; at most 50 for shoes."


@pytest.mark.parametrize(
    ("locale", "words"),
    [("en", "“a coat” or “a jacket”"), ("de", "„a coat“ oder „a jacket“"), ("fr", "« a coat » ou « a jacket »"),
     ("es", "«a coat» o «a jacket»"), ("ar", "«a coat» أو «a jacket»")],
)  # fmt: skip
def test_a_choice_that_is_not_met_is_told_once_by_the_reason_that_misses_least(locale: str, words: str) -> None:
    obstacles = {"category:coat": "not_sold", "category:jacket": "out_of_stock"}
    (unmet,) = list_unmet(FixWish(slots=1, wishes=CHOICE), [piece("t", "shirt")], obstacles)
    assert (unmet.name, unmet.code) == ("coat or jacket", "out_of_stock")
    assert words in tell_unmet(unmet, locale)


def test_what_is_asked_of_the_other_alternative_is_not_missing() -> None:
    colours = tuple(ClientWish(kind="colour", value=v, category=c) for v, c in (("red", "coat"), ("blue", "jacket")))
    wish = FixWish(slots=1, wishes=(*CHOICE, *colours))
    assert [entry.key for entry in list_unmet(wish, [piece("c", "coat")], {})] == ["colour:red@coat"]
    red = piece("c", "coat").model_copy(update={"answers": ("category:coat", "colour:red@coat")})
    assert list_unmet(wish, [red], {}) == ()


def test_a_choice_leads_to_no_must_have_of_its_own_and_is_none_where_one_is_asked_for() -> None:
    catalogue = map_catalogue(KINDS, (), WORDS)
    assert derive_fields(CHOICE, catalogue).must_have == ()
    assert list_asked(FixWish(wishes=CHOICE)) == ("coat or jacket",)
    assert list_asked(FixWish(wishes=CHOICE, must_have=("Coat",))) == ("coat",)
    assert list_choices(FixWish(wishes=CHOICE, must_have=("Coat",))) == []
    soft = tuple(entry.model_copy(update={"strength": "prefer"}) for entry in CHOICE)
    assert list_asked(FixWish(wishes=soft)) == ()
    assert list_liked(FixWish(wishes=soft)) == ("coat or jacket",)
    finder = build_finder(FixWish(wishes=soft), liked=True)
    assert {finder.find_group(piece("x", kind)) for kind in EITHER} == {"coat or jacket"}


def test_two_of_a_choice_come_where_two_were_asked_for() -> None:
    two = ClientWish(kind="quantity", value="2 coat")
    wish = FixWish(wishes=(*CHOICE, two))
    assert list_asked(wish) == ("coat or jacket",) * 2
    assert not list_unmet(wish.model_copy(update={"slots": 2}), [piece("c", "coat"), piece("j", "jacket")], {})
    assert list_unmet(wish.model_copy(update={"slots": 1}), [piece("c", "coat")], {})


def test_the_choice_whose_alternative_is_named_in_other_words_has_a_short_name() -> None:
    names = [f"{letter * 30}" for letter in "abc"]
    wishes = tuple(ClientWish(kind="category", value=name, either="x") for name in names)
    (choice,) = list_choices(FixWish(wishes=wishes))
    assert len(choice.name) <= 60
    question = build_question(FixWish(wishes=wishes), [piece("s", names[1])], {}, "ann", NOW)
    assert question.must_have == (choice.name,)
    assert {entry.sku for entry in cover_must_haves(question)} == {"s"}
