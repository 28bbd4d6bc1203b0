"""What a ranking may know of one client, and everybody's touches for training."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from domain.histories import SIGNAL
from errors import NotFound
from store.clients import interactions
from store.database import read_transaction
from tests.support.shop_services import NOW, StockedShop


@pytest.fixture
def shop(engine: Engine) -> StockedShop:
    shop = StockedShop(engine)
    for name in ("a", "b"):
        shop.item(name)
    shop.client("c", sizes=("S",), tags=("vip",), time_zone="Australia/Sydney")
    shop.client("d")
    return shop


def test_one_clients_signals(shop):
    shop.event("c", "quiz_answered", 9, styles=["boho"], colours=["navy"], sizes=["M"], budget="120.50")
    shop.event("c", "order_placed", 5, item_id="a", quantity=2, value=50)
    shop.event("c", "fix_feedback", 4, item_id="a", kept=True)
    shop.event("c", "fix_feedback", 3, item_id="b", kept=False)
    shop.event("c", "email_clicked", 2, item_id="b", machine=True)
    shop.event("c", "email_clicked", 2, item_id="b")
    shop.event("c", "searched", 1, query="warm coat")
    shop.event("d", "order_placed", 1, item_id="b")
    with read_transaction(shop.engine) as connection:
        loaded = interactions.load_signals(connection, "c", NOW)
    assert (loaded.sizes, loaded.tags, loaded.time_zone) == (("S",), ("vip",), "Australia/Sydney")
    assert (loaded.quiz.styles, loaded.quiz.sizes, loaded.quiz.budget_cents) == (("boho",), ("M",), 12_050)
    interactions_seen = sorted(
        (t.item_id, t.kind, t.quantity, round((NOW.timestamp() - t.at) / 86_400, 6)) for t in loaded.touches
    )
    assert interactions_seen == [
        ("a", "fix_kept", 1, 4.0),
        ("a", "order_placed", 2, 5.0),
        ("b", "email_clicked", 1, 2.0),
        ("b", "fix_sent_back", 1, 3.0),
    ]
    assert loaded.owned == {"a"}


def test_what_came_after_now_is_not_known(shop):
    shop.event("c", "order_placed", 5, item_id="a")
    with read_transaction(shop.engine) as connection:
        assert interactions.load_signals(connection, "c", NOW - timedelta(days=6)).touches == ()


def test_nobody_by_that_id(shop):
    with read_transaction(shop.engine) as connection, pytest.raises(NotFound, match="client_id"):
        interactions.load_signals(connection, "stranger", NOW)


def test_everybodys_touches(shop, monkeypatch):
    monkeypatch.setattr(interactions, "BATCH", 2)
    shop.event("c", "order_placed", 5, item_id="a")
    shop.event("c", "order_returned", 4, item_id="a")
    shop.event("d", "item_viewed", 3, item_id="b")
    shop.event("d", "item_viewed", 100, item_id="b")
    with read_transaction(shop.engine) as connection:
        loaded = interactions.load_interactions(connection, NOW - timedelta(days=50), NOW)
        everything = interactions.load_interactions(connection, None, NOW)
    rows = sorted(
        (loaded.clients[c], loaded.items[i], w)
        for c, i, w in zip(loaded.client, loaded.item, loaded.weight.tolist(), strict=True)
    )
    assert rows == sorted(
        [
            ("c", "a", SIGNAL["order_placed"]),
            ("c", "a", SIGNAL["order_returned"]),
            ("d", "b", SIGNAL["item_viewed"]),
        ]
    )
    assert (len(loaded), len(everything)) == (3, 4)


def test_everybody_described(shop):
    with read_transaction(shop.engine) as connection:
        loaded = interactions.load_descriptions(connection)
    assert set(loaded) == {"c", "d"}
    assert loaded["c"].tags == ("vip",)
