"""A made-up shop whose right answers are known, and servers of its items."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from models.recommendation_requests import RecommendationQuery
from services.recommendations.recommender import Recommender
from services.serving.item_server import ItemServer, ServedItems
from settings import Settings
from store.clock import start, stop
from store.database import connect, write_transaction
from tests.support.shop_services import NOW, StockedShop
from tests.support.tables import create_tables

LOOKS = {
    "navy_shirt": ("shirts", "navy"),
    "white_shirt": ("shirts", "white"),
    "grey_trousers": ("trousers", "grey"),
    "green_trousers": ("trousers", "green"),
    "brown_shoes": ("shoes", "brown"),
    "red_shoes": ("shoes", "red"),
    "wool_coat": ("coats", "camel"),
    "long_coat": ("coats", "black"),
}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[StockedShop]:
    """Eight pieces of four roles; navy shirts are bought with grey trousers. One of the coats is new."""
    engine = connect(f"sqlite:///{tmp_path / 'shop.db'}")
    create_tables(engine)
    shop = StockedShop(engine)
    for item_id, (category, colour) in LOOKS.items():
        days = 3 if item_id == "long_coat" else 400
        shop.item(item_id, category, colour=colour, added_at=NOW - timedelta(days=days))
    for buyer in ("b1", "b2", "b3"):
        shop.client(buyer)
        shop.event(buyer, "order_placed", 5, item_id="navy_shirt")
        shop.event(buyer, "order_placed", 5, item_id="grey_trousers")
    shop.client("c")
    with write_transaction(engine) as connection:
        start(connection, NOW, 1.0, NOW)
        stop(connection, NOW)
    yield shop
    engine.dispose()


@pytest.fixture
def serve(shop: StockedShop, tmp_path: Path) -> Iterator[Callable[..., ItemServer]]:
    """Opens servers, which are closed at the end."""
    with ExitStack() as opened:

        def open_server(home: str = "home", **more: Any) -> ItemServer:
            settings = Settings(_env_file=None, home=tmp_path / home, **{"recommendation_deadline_ms": 5_000, **more})
            return opened.enter_context(run_server(shop, settings))

        yield open_server


@contextmanager
def run_server(shop: StockedShop, settings: Settings) -> Iterator[ItemServer]:
    """Run a server on the shop's store."""
    server = ItemServer(shop.engine, Recommender(shop.engine, settings, check_seconds=0.02), settings)
    server.start()
    try:
        yield server
    finally:
        server.close()


async def ask(server: ItemServer, client_id: str = "c", **more: Any) -> ServedItems:
    """Ask as a page does."""
    return await server.serve(RecommendationQuery.model_validate({"client_id": client_id, "n": 4, **more}))


async def list_shown(server: ItemServer, client_id: str = "c", **more: Any) -> list[str]:
    """The ids of what a page shows."""
    return [item_id for item_id, _ in (await ask(server, client_id, **more)).items]
