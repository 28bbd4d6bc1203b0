"""What nobody asked for rounds a box off without standing in for what was asked for."""

from __future__ import annotations

import pytest

from domain.fixes.fillers import select_fillers, select_in_tune
from models.box_roles import BoxRole
from models.fixes import FixItem


def build_piece(
    sku: str, role: BoxRole, category: str, cents: int = 9900, colour: str = "navy", cut: str = ""
) -> FixItem:
    return FixItem(
        sku=sku, item_id=sku, size="M", category=category, colour=colour, cut=cut, price_cents=cents, score=0.5,
        p_fit=0.7, role=role,
    )  # fmt: skip


JUMPER = build_piece("jumper", BoxRole.KNITWEAR, "knitwear")


@pytest.mark.parametrize(
    ("piece", "group", "stays"),
    [
        (build_piece("skirt", BoxRole.BOTTOM, "skirt", 15000), "skirt", True),
        (build_piece("bag", BoxRole.BAG, "bag", 9900), "bag", True),
        (build_piece("dear", BoxRole.BAG, "bag", 15000), "bag", False),
        (build_piece("jacket", BoxRole.OUTERWEAR, "jacket", 5000), "jacket", False),
        (build_piece("cardigan", BoxRole.KNITWEAR, "knitwear", 5000), "other knitwear", False),
        (build_piece("roll-neck", BoxRole.TOP, "t-shirt", 5000, cut="roll-neck top"), "t-shirt", False),
    ],
)
def test_fillers_beside_a_jumper_that_was_asked_for(piece: FixItem, group: str, stays: bool):
    groups = {"jumper": "knitwear", piece.sku: group}
    assert (piece in select_fillers([JUMPER, piece], groups, ["knitwear"])) is stays


def test_beside_a_skirt_that_the_client_owns_no_trousers_and_no_dress_go_in() -> None:
    pieces = [
        build_piece("trousers", BoxRole.BOTTOM, "trousers"),
        build_piece("dress", BoxRole.DRESS, "dress"),
        build_piece("shoes", BoxRole.SHOES, "shoes"),
        build_piece("bag", BoxRole.BAG, "bag"),
    ]
    groups = {"jumper": "knitwear", **{piece.sku: piece.category for piece in pieces}}
    stay = select_fillers([JUMPER, *pieces], groups, ["knitwear"], {BoxRole.BOTTOM})
    assert [piece.sku for piece in stay] == ["jumper", "shoes", "bag"]


def test_flannel_does_not_go_in_beside_a_blazer() -> None:
    blazer = build_piece("blazer", BoxRole.OUTERWEAR, "jacket").model_copy(update={"formality": 3.7})
    flannel = build_piece("flannel", BoxRole.TOP, "shirt").model_copy(update={"formality": 0.2})
    poplin = build_piece("poplin", BoxRole.TOP, "shirt").model_copy(update={"formality": 2.3})
    groups = {"blazer": "jacket", "flannel": "shirt", "poplin": "shirt"}
    assert select_fillers([blazer, flannel, poplin], groups, ["jacket"]) == [blazer, poplin]


def test_where_nothing_was_asked_for_all_stay():
    pieces = [JUMPER, build_piece("coat", BoxRole.OUTERWEAR, "coat", 40000)]
    assert select_fillers(pieces, {"jumper": "knitwear", "coat": "coat"}, []) == pieces


def test_shoes_go_with_the_dress_that_was_asked_for_unless_there_are_no_others():
    dress = build_piece("dress", BoxRole.DRESS, "dress", colour="forest")
    red, black = (build_piece(colour, BoxRole.SHOES, "shoes", colour=colour) for colour in ("burgundy", "black"))
    groups = {"dress": "dress", "burgundy": "shoes", "black": "shoes"}
    assert select_in_tune([dress, red, black], [dress], groups, ["dress", "shoes"]) == [dress, black]
    assert select_in_tune([dress, red], [dress], groups, ["dress", "shoes"]) == [dress, red]


def test_blouses_asked_for_need_not_go_with_each_other_but_with_the_skirt() -> None:
    red = build_piece("red", BoxRole.TOP, "shirt", colour="red").model_copy(update={"worth": 0.9})
    green, skirt = (
        build_piece("green", BoxRole.TOP, "shirt", colour="green"),
        build_piece("skirt", BoxRole.BOTTOM, "skirt"),
    )
    blue = build_piece("blue", BoxRole.BOTTOM, "skirt", colour="blue")
    every, groups = [red, green, skirt, blue], {"red": "shirt", "green": "shirt", "skirt": "skirt", "blue": "skirt"}
    kept = select_in_tune(every, every, groups, ["shirt", "shirt", "skirt"])
    assert {item.sku for item in kept} == {"red", "green", "skirt"}


def test_the_best_answer_to_each_wish_is_not_lost_to_the_colour_of_one_garment() -> None:
    forest = build_piece("forest", BoxRole.OUTERWEAR, "jacket", colour="forest").model_copy(update={"worth": 0.9})
    navy, silk = (
        build_piece("navy", BoxRole.OUTERWEAR, "jacket"),
        build_piece("silk", BoxRole.TOP, "shirt", colour="rose"),
    )
    plain = build_piece("plain", BoxRole.TOP, "shirt", colour="white")
    groups = {"forest": "jacket", "navy": "jacket", "silk": "shirt", "plain": "shirt"}
    kept = select_in_tune([forest, navy, silk, plain], [forest, navy, silk], groups, ["jacket", "shirt"])
    assert {item.sku for item in kept} == {"navy", "silk", "plain"}
