"""Profiles from a real store: up to date at once, the same whatever came when, folded nightly or not."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Any

import pytest
from sqlalchemy import Engine, select

from errors import NotFound
from models.profiles import Profile
from store.clients import preferences
from store.clients.profiles import load_profile
from store.database import read_transaction
from store.tables import tastes as table
from tests.support.shop_services import NOW, StockedShop

ONES: list[dict[str, Any]] = [
    {"type": "item_viewed", "item_id": "knit", "days_ago": 40.0, "dwell_seconds": 60},
    {"type": "added_to_cart", "item_id": "dress", "days_ago": 30.0},
    {"type": "quiz_answered", "days_ago": 20.0, "styles": ["classic"], "categories": ["coat"], "sizes": ["M"],
     "budget": "80.00"},
    {"type": "wishlisted", "item_id": "dress", "days_ago": 18.0},
    {"type": "wishlisted", "item_id": "coat", "days_ago": 17.0},
    {"type": "order_placed", "item_id": "coat", "days_ago": 15.0, "value": "90.00"},
    {"type": "fix_feedback", "item_id": "knit", "days_ago": 9.0, "kept": False, "size": "M", "fit": "small"},
    {"type": "fix_feedback", "item_id": "knit", "days_ago": 8.0, "kept": True, "size": "L", "fit": "fit"},
    {"type": "searched", "days_ago": 3.0, "query": "a MOSS knit please"},
    {"type": "email_clicked", "item_id": "dress", "days_ago": 2.0, "machine": True},
]  # fmt: skip


@pytest.fixture
def shop(engine: Engine) -> StockedShop:
    stocked_shop = StockedShop(engine)
    stocked_shop.item("knit", "Knit", colour="moss", tags=("classic", "soft"))
    stocked_shop.item("dress", "Dress", colour="rust", tags=("bold",))
    stocked_shop.item("coat", "Coat", colour="navy")
    for client_id in ("c1", "c2"):
        stocked_shop.client(client_id, sizes=("38",), tags=("vip",))
    return stocked_shop


def load_ann(shop: StockedShop, client_id: str = "c1") -> Profile:
    with read_transaction(shop.engine) as connection:
        return load_profile(connection, client_id, NOW)


def happen(shop: StockedShop, rows: list[dict[str, Any]], client_id: str = "c1") -> None:
    shop.events([{"client_id": client_id, **row} for row in rows])


def test_a_profile_says_what_was_said_and_seen(shop: StockedShop) -> None:
    happen(shop, ONES)
    profile_now = load_ann(shop)
    assert profile_now.demographics.tags == ("vip",)
    assert {(category.name, category.source) for category in profile_now.categories} == {
        ("coat", "both"), ("knit", "seen"), ("dress", "seen"),
    }  # fmt: skip
    assert profile_now.categories[0].name == "coat"
    assert {tag.name for tag in profile_now.style_tags} == {"classic", "soft", "bold"}
    assert [wish.item_id for wish in profile_now.wishlist] == ["dress"]  # the coat was bought since
    assert [(s.size, s.source, s.category, s.fitted, s.too_small) for s in profile_now.sizes] == [
        ("38", "said", "", 0, 0), ("M", "said", "", 0, 0), ("L", "seen", "Knit", 1, 0), ("M", "seen", "Knit", 0, 1),
    ]  # fmt: skip
    assert profile_now.budget_cents == 8_000
    assert profile_now.counts["fix_feedback"] == 2
    assert [interaction.type for interaction in profile_now.latest][:2] == ["email_clicked", "searched"]


def test_a_machine_s_click_is_no_sign_of_taste_a_search_is(shop: StockedShop) -> None:
    happen(shop, [ONES[8], ONES[9]])
    assert {preference.name for preference in (*load_ann(shop).categories, *load_ann(shop).colours)} == {
        "knit",
        "moss",
    }


def test_an_answer_overrides_what_was_guessed_before(shop: StockedShop) -> None:
    happen(shop, ONES[:2])
    assert {category.name for category in load_ann(shop).categories} == {"knit", "dress"}
    happen(shop, [ONES[2]])
    assert {category.name for category in load_ann(shop).categories} == {"coat"}
    assert {colour.name for colour in load_ann(shop).colours} == {"moss", "rust"}  # on which it said nothing


def strengths(of: Profile) -> dict[tuple[str, str], float]:
    named = {"style": of.style_tags, "colour": of.colours, "category": of.categories}
    return {(about, word.name): word.strength for about, words in named.items() for word in words}


@pytest.mark.parametrize("seed", range(4))
def test_whatever_came_when_and_was_folded_when_the_profile_is_the_same(shop: StockedShop, seed: int) -> None:
    happen(shop, ONES)
    rng, mixed = Random(seed), list(ONES)
    rng.shuffle(mixed)
    for row in mixed:
        happen(shop, [row], "c2")
        if rng.random() < 0.4:
            preferences.fold_preferences(shop.engine, NOW - timedelta(days=rng.uniform(0, 45)))
    assert strengths(load_ann(shop)) == pytest.approx(strengths(load_ann(shop, "c2")), abs=2e-4)
    preferences.fold_preferences(shop.engine, NOW)
    assert strengths(load_ann(shop)) == pytest.approx(strengths(load_ann(shop, "c2")), abs=2e-4)


def test_a_pass_folds_each_event_once_and_a_late_one_costs_one_client_a_new_start(shop: StockedShop) -> None:
    happen(shop, ONES[3:6])
    happen(shop, ONES[3:6], "c2")
    assert preferences.fold_preferences(shop.engine, NOW) == 2
    before = load_ann(shop)
    assert preferences.fold_preferences(shop.engine, NOW) == 2
    assert strengths(before) == pytest.approx(strengths(load_ann(shop)), abs=2e-4)
    happen(shop, [ONES[6]])
    assert _fold(shop) == {"c2"}
    assert load_ann(shop).counts["fix_feedback"] == 1
    preferences.rebuild_preferences(shop.engine, NOW)
    assert _fold(shop) == {"c1", "c2"}


def _fold(shop: StockedShop) -> set[str]:
    with read_transaction(shop.engine) as connection:
        return set(connection.scalars(select(table.c.client_id)))


def test_nobody_has_no_profile(shop: StockedShop) -> None:
    with pytest.raises(NotFound, match="client_id"):
        load_ann(shop, "stranger")
