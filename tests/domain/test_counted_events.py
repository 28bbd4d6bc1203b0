"""What counts for engagement: an order once, a repeat within a visit not at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.counted_events import MOST_OF_A_KIND, VISIT, count_events
from domain.engagement import Engagement, EngagementRules, score_client
from domain.orders import SeenEvent
from models.base import utc

RULES = EngagementRules()
ORDERED = utc(2026, 11, 20, 10)


def view(n: int, at: int = 0, item: str = "i1", kind: str = "item_viewed", **more: Any) -> SeenEvent:
    return SeenEvent(f"e{n}", kind, at, item, **more)


def test_two_hundred_views_of_one_item_at_one_moment_are_one() -> None:
    assert len(count_events(view(n) for n in range(200))) == 1


def test_many_items_at_once_are_not_a_person_reading_them_all() -> None:
    assert len(count_events(view(n, item=f"i{n}") for n in range(200))) == MOST_OF_A_KIND


def test_other_items_kinds_and_visits_count() -> None:
    events = [view(1), view(2, item="i2"), view(3, kind="item_clicked"), view(4, at=VISIT), view(5, at=5)]
    assert [one.at for one in count_events(events)] == [0, 0, 0, VISIT]


def test_the_first_of_a_visit_counts_whatever_came_first() -> None:
    assert [one.at for one in count_events([view(2, at=90), view(1, at=7)])] == [7]


def test_a_machine_counts_for_nothing() -> None:
    click = view(1, kind="email_clicked", by_machine=True)
    assert count_events([click, view(2, kind="email_opened")]) == []
    assert len(count_events([click, view(2, kind="email_clicked")])) == 1


def test_an_order_that_came_back_is_none() -> None:
    order = SeenEvent("o", "order_placed", 3, "i1", 1, 5_000, "A")
    back = SeenEvent("r", "order_returned", 9, "i1", 1, 5_000, "A")
    assert [tuple(one) for one in count_events([back, order])] == [("order_returned", 3, 0)]


def line(kind: str, cents: int | None, item: str | None, order_id: str = "", days: int = 0) -> SeenEvent:
    at = int(ORDERED.timestamp() + days * 86_400) * 1_000_000
    return SeenEvent(f"{kind}{item}{cents}", kind, at, item, 1, cents, order_id)


@pytest.fixture(scope="module")
def scores() -> dict[str, float]:
    """The scores of the clients of a shop that sends a line an event."""
    own = {
        "five lines": [line("order_placed", 1_000, f"it-0{n}", "A1") for n in range(5)],
        "one line": [line("order_placed", 5_000, None, "A2")],
        "returned": [line("order_placed", 5_000, "it-03", "A3"), line("order_returned", 5_000, "it-03", days=2)],
        "viewer": [view(n, at=int(ORDERED.timestamp()) * 1_000_000) for n in range(200)],
    }
    found = {}
    for name, events in own.items():
        stats = Engagement()
        for kind, micros, cents in count_events(events):
            stats = stats.add_event(RULES, kind, datetime.fromtimestamp(micros / 1e6, UTC), cents)
        found[name] = score_client(RULES, stats, ORDERED + timedelta(days=9)).score
    return found


def test_five_lines_of_one_order_score_as_one_line_of_the_same_total(scores: dict[str, float]) -> None:
    assert scores["five lines"] == pytest.approx(scores["one line"])


def test_a_return_takes_the_order_back(scores: dict[str, float]) -> None:
    assert scores["returned"] < scores["one line"] / 2


def test_a_viewer_of_one_item_is_below_every_buyer(scores: dict[str, float]) -> None:
    assert scores["viewer"] < min(scores["five lines"], scores["returned"])
