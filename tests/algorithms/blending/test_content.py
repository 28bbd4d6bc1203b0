"""Content match: what is said outweighs what is done, what is old counts less, what came back counts against."""

from __future__ import annotations

import numpy as np
import pytest

from algorithms.blending.content import Content, discount_over_budget
from domain.histories import ClientSignals, Quiz
from tests.algorithms.goods import NOW, item, shelf, touch

SHOP = shelf(
    item("navy-knit", category="knitwear", colour="navy", tags=("classic",)),
    item("navy-dress", category="dresses", colour="navy", tags=("boho",)),
    item("red-dress", category="dresses", colour="red", tags=("boho",)),
    item("red-coat", category="coats", colour="red", tags=("street",), price_cents=30_000),
    item("olive-coat", category="coats", colour="olive", tags=("street",)),
)
ALL = np.arange(5)


def rank_items(client: ClientSignals) -> list[str]:
    scores = Content(SHOP).scores(client, ALL, NOW.timestamp())
    assert scores.min() >= 0
    assert scores.max() <= 1
    return [SHOP.items[place].item_id for place in np.argsort(-scores, kind="stable") if scores[place] > 0]


def test_nothing_known_says_nothing():
    assert rank_items(ClientSignals("c")) == []


def test_a_new_client_is_matched_by_the_quiz_alone():
    assert rank_items(ClientSignals("c", quiz=Quiz(colours=("Navy",), styles=("classic",)))) == [
        "navy-knit",
        "navy-dress",
    ]


def test_what_was_bought_brings_what_is_like_it():
    assert rank_items(ClientSignals("c", touches=(touch("red-dress"),)))[:2] == ["red-dress", "navy-dress"]


def test_what_is_said_overrides_what_is_guessed():
    looked = tuple(touch("olive-coat", "item_viewed", days_ago=day) for day in (1, 2, 3))
    assert rank_items(ClientSignals("c", quiz=Quiz(colours=("navy",)), touches=looked))[0].startswith("navy")


def test_old_likings_fade():
    lately, long_ago = touch("red-dress", days_ago=2), touch("olive-coat", days_ago=400)
    assert rank_items(ClientSignals("c", touches=(lately, long_ago)))[0] == "red-dress"


def test_what_was_done_fades_by_half_in_ninety_days_and_what_was_said_does_not():
    def weigh(days_ago: float, quiz: Quiz = Quiz()) -> np.ndarray:  # noqa: B008 (frozen)
        client = ClientSignals("c", quiz=quiz, touches=(touch("red-dress", days_ago=days_ago),))
        return Content(SHOP).profile(client, NOW.timestamp())

    assert weigh(0).max() > 0
    assert weigh(90) == pytest.approx(weigh(0) / 2)
    assert weigh(270) == pytest.approx(weigh(0) / 8)
    said = weigh(9_000, Quiz(colours=("navy",)))
    assert said.max() == pytest.approx(2.0)


def test_what_came_back_counts_against_its_like():
    back = (touch("red-coat"), touch("red-coat", "order_returned", 1), touch("navy-knit", "wishlisted"))
    assert "olive-coat" not in rank_items(ClientSignals("c", touches=back))


def test_the_budget_lowers_what_is_dear():
    likes_coats = Quiz(categories=("coats",), colours=("red",))
    assert rank_items(ClientSignals("c", quiz=likes_coats))[0] == "red-coat"
    careful = Quiz(categories=("coats",), colours=("red",), budget_cents=8_000)
    assert rank_items(ClientSignals("c", quiz=careful))[0] != "red-coat"
    assert discount_over_budget(np.array([8_000.0, 12_000.0]), 8_000).round(4).tolist() == [1.0, 0.3679]
