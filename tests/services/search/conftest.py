"""A made-up shop of which the right answer to each search is known, and its search."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from errors import Unavailable
from models.search_answers import SearchAnswer
from models.search_requests import SearchQuery
from services.recommendations.recommender import Recommender
from services.search.item_search import NOBODY, ItemSearch, Liking
from settings import Settings
from store.database import connect
from tests.support.shop_services import NOW, StockedShop
from tests.support.tables import create_tables


class SearchedShop(StockedShop):
    """The shop with its search. `find` answers by the stock of this moment."""

    search: ItemSearch
    recommender: Recommender

    def find(self, q: str = "", liking: Liking = NOBODY, **more: Any) -> SearchAnswer:
        return self.search.search(SearchQuery.model_validate({"q": q, **more}), liking)

    def find_ids(self, q: str = "", **more: Any) -> list[str]:
        return [item.item_id for item in self.find(q, **more).items]

    def wait_until(self, q: str, *expected: str, **more: Any) -> None:
        """Wait until a search finds exactly these, as it must within a second of a change."""
        until = time.monotonic() + 20
        while True:
            self.recommender.load_current(self.now)
            try:
                answer = self.find(q, n=100, **more)
            except Unavailable:
                answer = None
            found = None if answer is None else sorted(item.item_id for item in answer.items)
            if answer is not None and found == sorted(expected) and answer.total == len(expected):
                return  # none is held twice, and what went is no longer held
            assert time.monotonic() < until, (q, answer)
            time.sleep(0.01)


def _stock(shop: StockedShop) -> None:
    silk = {"materials": ("silk",), "occasions": ("wedding",)}
    cotton = {"materials": ("cotton",), "season": "summer"}
    lambswool = {"materials": ("lambswool",), "season": "winter"}
    wool = {"materials": ("wool",), "occasions": ("work",)}
    looks: tuple[tuple[str, str, str, str, int, dict[str, int], dict[str, Any]], ...] = (
        ("silk_dress", "Bias-cut silk dress", "Dresses", "navy", 180, {"S": 2, "M": 1}, silk),
        ("day_dress", "Cotton day dress", "Dresses", "white", 60, {"M": 4, "L": 4}, cotton),
        ("knit", "Lambswool crew neck jumper", "Knitwear", "rust", 90, {"S": 1, "M": 1}, lambswool),
        ("cardigan", "Alpaca cardigan", "Knitwear", "ecru", 120, {"M": 3}, {"materials": ("alpaca",)}),
        ("trousers", "Pleated wool trousers", "Trousers", "grey", 110, {"38": 2}, wool),
        ("bag", "Leather tote", "Bags", "burgundy", 150, {"": 5}, {"brand": "Maison Ébène", "sustainability": 0.9}),
        ("gone", "Velvet dress", "Dresses", "black", 200, {"S": 0}, {}),
    )
    for days, (item_id, title, category, colour, price, stock, more) in enumerate(looks):
        sizes = tuple(size for size in stock if size)
        facts = {"title": title, "colour": colour, "price": Decimal(price), "sizes": sizes, **more}
        shop.item(item_id, category, stock, added_at=NOW - timedelta(days=days + 1), **facts)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchedShop]:
    """Seven pieces, of which one is sold out."""
    folder: Path = tmp_path_factory.mktemp("search")
    engine = connect(f"sqlite:///{folder / 'shop.db'}")
    create_tables(engine)
    shop = SearchedShop(engine)
    _stock(shop)
    settings = Settings(_env_file=None, home=folder)
    shop.recommender = Recommender(engine, settings, check_seconds=0.02)
    shop.recommender.load_current(NOW)
    shop.search = ItemSearch(shop.recommender, settings)
    shop.search.start()
    shop.wait_until("dress", "silk_dress", "day_dress")
    yield shop
    shop.search.close()
    engine.dispose()
