"""Answers to mail are counted once each, and an order after a click is not the client's own as well."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import Engine

from services.ingestion.intake import accept_events
from store.campaigns.responses import OwnCounts, count_answers, count_own
from store.database import read_transaction, write_transaction
from store.mail.policy import ShopPolicy
from tests.store.conftest import NOW, REAL
from tests.store.seeds import event, seed_clients, seed_items

DAY = timedelta(days=1)
SINCE = NOW - 100 * DAY


@pytest.fixture
def shop(engine: Engine, policy: ShopPolicy) -> Engine:
    """Ann clicked two mails and then ordered twice, and once more long after; Bea ordered by herself; Cat's mail was
    clicked by a machine; Dan clicked yesterday."""
    told = [
        event("a1", "email_clicked", "ann", NOW - 20 * DAY, outreach="ann.1"),
        event("a2", "email_clicked", "ann", NOW - 19 * DAY, outreach="ann.2"),
        event("a3", "order_placed", "ann", NOW - 18 * DAY, item_id="coat", value="10"),
        event("a4", "order_placed", "ann", NOW - 17 * DAY, item_id="coat", value="10"),
        event("a5", "order_placed", "ann", NOW - 15 * DAY, item_id="coat", value="10"),
        event("b1", "order_placed", "bea", NOW - 18 * DAY, item_id="coat", value="10"),
        event("c1", "email_clicked", "cat", NOW - 20 * DAY, outreach="cat.1", machine=True),
        event("c2", "order_placed", "cat", NOW - 19 * DAY, item_id="coat", value="10"),
        event("d1", "email_clicked", "dan", NOW - DAY, outreach="dan.1"),
        event("d2", "item_viewed", "dan", NOW - DAY / 2, item_id="coat"),
    ]
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, "ann", "bea", "cat", "dan")
        seed_items(connection, policy, "coat")
        assert accept_events(connection, told, policy, NOW, REAL).refused == []
    return engine


def test_an_order_belongs_to_the_click_right_before_it(shop: Engine) -> None:
    with read_transaction(shop) as connection:
        counts = count_answers(connection, SINCE, NOW)
    assert (counts.clicked, counts.followed, counts.ordered) == (3, 2, 1)


def test_orders_after_a_click_are_not_what_a_client_does_alone(shop: Engine) -> None:
    with read_transaction(shop) as connection:
        own = count_own(connection, ["ann", "bea", "cat", "dan"], ("item_viewed", "order_placed"), SINCE, NOW)
    assert {client_id: one.counts for client_id, one in own.items()} == {
        "ann": {"order_placed": 1},
        "bea": {"order_placed": 1},
        "cat": {"order_placed": 1},
        "dan": {"item_viewed": 1},
    }
    assert all(isinstance(one, OwnCounts) and one.days >= 1 for one in own.values())
