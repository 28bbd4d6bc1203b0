"""Statistics as of a day: worked out from events they equal those kept, and know nothing of what came later."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine

from algorithms.engagement import assess_all
from algorithms.risk.recency_rate import Population
from domain.engagement import EngagementRules
from domain.histories import Histories
from store.clients import histories
from store.database import read_transaction
from tests.support.shop_services import NOW, StockedShop

RULES = EngagementRules()
POPULATION = Population(1.0, 60.0, 0.2, 0.5, 30.0)


@pytest.fixture
def shop(engine: Engine) -> StockedShop:
    """Five clients with a seeded past of 200 days."""
    shop = StockedShop(engine)
    rng = np.random.default_rng(5)
    for n in range(4):
        shop.client(f"c{n}", signed_up_at=NOW - timedelta(days=220))
    shop.client("late", signed_up_at=NOW - timedelta(days=3))
    kinds = ["order_placed", "wishlisted", "item_viewed", "email_opened", "email_clicked", "order_returned", "searched"]
    for _ in range(120):
        kind = str(rng.choice(kinds))
        extra: dict[str, Any] = {"value": int(rng.integers(1, 300))} if kind == "order_placed" else {}
        extra |= {"item_id": "i1"} if kind in {"wishlisted", "item_viewed"} else {}
        extra |= {"machine": bool(rng.integers(0, 2))} if kind == "email_clicked" else {}
        shop.event(f"c{rng.integers(0, 3)}", kind, float(rng.uniform(0, 200)), **extra)
    shop.event("c0", "order_placed", 0.5, value=70)
    return shop


def compute_scores(statistics: tuple[list[str], Histories], at) -> dict[str, tuple[float, ...]]:
    ids, stats = statistics
    result = assess_all(RULES, stats, at.timestamp(), POPULATION, 90)
    columns = [getattr(result, name) for name in ("engagement", "p_alive", "expected_orders", "next_crossing")]
    return {client_id: tuple(np.nan_to_num(column[i]) for column in columns) for i, client_id in enumerate(ids)}


def test_both_ways_agree_once_everything_has_happened(shop):
    with read_transaction(shop.engine) as connection:
        latest = histories.find_latest_event(connection)
        assert latest is not None
        stored = compute_scores(histories.load_histories(connection, NOW), NOW)
        anew = compute_scores(histories.replay_histories(connection, RULES, NOW), NOW)
    assert set(stored) == set(anew) == {"c0", "c1", "c2", "c3", "late"}
    for client in stored:
        assert anew[client] == pytest.approx(stored[client], rel=1e-9, abs=1e-6)
    assert stored["c0"][0] > 20
    assert stored["c3"][0] == 0.0


def test_a_day_in_the_past_knows_nothing_of_what_came_later(shop):
    """The statistics of an earlier day are those that a store holds into which nothing later was put."""
    then = NOW - timedelta(days=80)
    with read_transaction(shop.engine) as connection:
        ids, stats = histories.replay_histories(connection, RULES, then)
    assert "late" not in ids
    before = compute_scores((ids, stats), then)
    shop.event("c1", "order_placed", 79.0, value=900)
    shop.event("c3", "order_placed", 10.0, value=900)
    with read_transaction(shop.engine) as connection:
        assert compute_scores(histories.replay_histories(connection, RULES, then), then) == before
        changed = compute_scores(
            histories.replay_histories(connection, RULES, NOW - timedelta(days=79)), then + timedelta(days=1)
        )
    assert changed["c1"][0] > before["c1"][0]


def test_a_machines_click_does_not_count_then_either(engine):
    shop = StockedShop(engine)
    shop.client("c", signed_up_at=NOW - timedelta(days=50))
    shop.event("c", "email_clicked", 30, machine=True)
    with read_transaction(engine) as connection:
        _, stats = histories.replay_histories(connection, RULES, NOW)
        assert stats.frequency.tolist() == [0.0]
    shop.event("c", "email_clicked", 30)
    with read_transaction(engine) as connection:
        _, stats = histories.replay_histories(connection, RULES, NOW)
    assert stats.frequency[0] > 0


def test_batches_do_not_change_the_answer(shop, monkeypatch):
    with read_transaction(shop.engine) as connection:
        whole = compute_scores(histories.replay_histories(connection, RULES, NOW), NOW)
        monkeypatch.setattr(histories, "BATCH", 7)
        for again in (histories.replay_histories(connection, RULES, NOW), histories.load_histories(connection, NOW)):
            statistics = compute_scores(again, NOW)
            assert set(statistics) == set(whole)
            for client, values in statistics.items():
                assert values == pytest.approx(whole[client], rel=1e-9, abs=1e-6)


def test_an_empty_store_has_nobody(engine):
    with read_transaction(engine) as connection:
        assert histories.find_latest_event(connection) is None
        ids, stats = histories.load_histories(connection, NOW)
        assert (ids, len(stats)) == ([], 0)
        assert histories.replay_histories(connection, RULES, NOW)[0] == []
