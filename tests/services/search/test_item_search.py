"""Searches of a made-up shop find what is right, in the right order, as soon as it changes."""

from __future__ import annotations

from decimal import Decimal

import pytest

from models.search_requests import SuggestQuery
from tests.services.search.conftest import SearchedShop


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("dress", {"silk_dress", "day_dress"}),
        ("Dresses", {"silk_dress", "day_dress"}),
        ("silk", {"silk_dress"}),
        ("navy dress", {"silk_dress"}),
        ("a dress for the wedding", {"silk_dress"}),
        ("frock", {"silk_dress", "day_dress"}),  # the note reader knows what it means
        ("sweater", {"knit"}),  # another word for a jumper, of which there is one: no cardigan
        ("pullover", {"knit"}),
        ("vestido", {"silk_dress", "day_dress"}),  # Spanish
        ("wool", {"trousers"}),
        ("maison ebene", {"bag"}),  # without accents
        ("handbag", {"bag"}),
        ("", {"silk_dress", "day_dress", "knit", "cardigan", "trousers", "bag"}),
        ("!!", {"silk_dress", "day_dress", "knit", "cardigan", "trousers", "bag"}),
    ],
)
def test_words_find_what_they_mean(shop: SearchedShop, words: str, found: set[str]) -> None:
    assert set(shop.find_ids(words)) == found


@pytest.mark.parametrize(
    ("typed", "meant", "found"),
    [("dreses", "dresses", "day_dress"), ("trosuers", "trousers", "trousers"), ("alpacca", "alpaca", "cardigan")],
)
def test_typing_errors_are_corrected_and_said(shop: SearchedShop, typed: str, meant: str, found: str) -> None:
    answer = shop.find(typed)
    assert answer.corrected == {typed: meant}
    assert found in [item.item_id for item in answer.items]


def test_what_is_spelled_rightly_is_not_corrected(shop: SearchedShop) -> None:
    assert shop.find("navy silk dress").corrected == {}


def test_where_nothing_answers_to_all_words_most_will_do(shop: SearchedShop) -> None:
    answer = shop.find("rust silk dress")
    assert answer.relaxed
    assert answer.items[0].item_id == "silk_dress"
    assert not shop.find("silk dress").relaxed
    nothing = shop.find("xylophone")
    assert (nothing.total, nothing.items) == (0, [])


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"category": ["knitwear", "BAGS"]}, {"knit", "cardigan", "bag"}),
        ({"colour": ["Rust"]}, {"knit"}),
        ({"brand": ["maison ébène"]}, {"bag"}),
        ({"size": ["s"]}, {"silk_dress", "knit"}),
        ({"size": ["s"], "category": ["dresses"]}, {"silk_dress"}),
        ({"material": ["silk"]}, {"silk_dress"}),
        ({"occasion": ["work"]}, {"trousers"}),
        ({"season": ["winter"], "category": ["knitwear", "dresses"]}, {"knit", "cardigan", "silk_dress"}),
        ({"price_min": "110", "price_max": "120"}, {"cardigan", "trousers"}),
        ({"sustainability_min": 0.5}, {"bag"}),
        ({"category": ["dresses"], "in_stock": False}, {"silk_dress", "day_dress", "gone"}),
    ],
)
def test_filters_leave_what_fits(shop: SearchedShop, filters: dict[str, object], found: set[str]) -> None:
    assert set(shop.find_ids("", **filters)) == found


def test_facets_count_as_if_they_had_no_filter_of_their_own(shop: SearchedShop) -> None:
    facets = shop.find("", category=["dresses"], size=["M"]).facets
    assert {(one.value, one.count) for one in facets["category"]} == {("Dresses", 2), ("Knitwear", 2)}
    assert {(one.value, one.count) for one in facets["size"]} == {("S", 1), ("M", 2), ("L", 1)}
    assert {(one.value, one.count) for one in facets["colour"]} == {("navy", 1), ("white", 1)}
    assert sum(one.count for one in facets["price"]) == 2
    cheap = shop.find("", price_max="100").facets
    assert sum(one.count for one in cheap["price"]) == 6
    assert sum(one.count for one in cheap["category"]) < 6
    assert [(one.low, one.high, one.count) for one in shop.find("tote").facets["sustainability"]] == [(0.75, None, 1)]


def test_items_come_in_the_order_asked_for_and_page_by_page(shop: SearchedShop) -> None:
    cheapest = ["day_dress", "knit", "trousers", "cardigan", "bag", "silk_dress"]
    assert shop.find_ids(sort="price") == cheapest
    assert shop.find_ids(sort="-price") == cheapest[::-1]
    assert shop.find_ids(sort="newest")[0] == "silk_dress"
    whole = shop.find_ids()
    assert [*shop.find_ids(n=4), *shop.find_ids(n=4, offset=4)] == whole
    assert shop.find(n=4, offset=40).items == []
    assert shop.find(n=1).items[0].price in {Decimal(price) for price in (60, 90, 110, 120, 150, 180)}


def test_the_client_s_own_liking_moves_the_order(shop: SearchedShop) -> None:
    for liked in ("silk_dress", "day_dress"):
        assert shop.find("dress", {liked: 0.7}).items[0].item_id == liked


def test_suggestions_go_on_as_typed(shop: SearchedShop) -> None:
    answer = shop.search.suggest(SuggestQuery(q="wool tr"))
    assert answer.queries == ["wool trousers"]
    assert [item.item_id for item in answer.items] == ["trousers"]
    assert "dress" in shop.search.suggest(SuggestQuery(q="dre")).queries
    assert "cardigan" in shop.search.suggest(SuggestQuery(q="cardigen")).queries
    assert shop.search.suggest(SuggestQuery(q="qqqqqq")).queries == []


def test_changes_of_stock_and_catalogue_are_found_soon(shop: SearchedShop) -> None:
    shop.stock("silk_dress", "S", 0)
    shop.wait_until("", "knit", size=["S"])
    shop.stock("gone", "S", 3)
    shop.wait_until("velvet", "gone")
    shop.item("new", "Skirts", title="Tartan kilt", colour="green")
    shop.wait_until("kilt", "new")
    assert {one.value for one in shop.find("kilt").facets["category"]} == {"Skirts"}
    shop.stock("gone", "S", 0)
    shop.stock("silk_dress", "S", 2)
    shop.wait_until("velvet")
