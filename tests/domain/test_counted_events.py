"""What counts for engagement: an order once, a repeat within a visit not at all."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from domain.counted_events import MOST_OF_A_KIND, VISIT, SeenEvent, count_events
from domain.engagement import Engagement, EngagementRules, score_client
from models.base import utc

CASES = Path(__file__).parent.parent / "data" / "cases" / "e10_lines.json"


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


@pytest.fixture(scope="module")
def scores() -> dict[str, float]:
    """The scores of the clients of a shop that sends a line an event (a case from practice)."""
    own: dict[str, list[SeenEvent]] = {}
    for n, one in enumerate(json.loads(CASES.read_text())):
        at = int(datetime.fromisoformat(one["occurred_at"]).timestamp() * 1e6)
        cents = round(float(one["value"]) * 100) if "value" in one else None
        event = SeenEvent(f"{n}", one["type"], at, one.get("item_id"), 1, cents, one.get("order_id", ""))
        own.setdefault(one["client_id"], []).append(event)
    rules, found = EngagementRules(), {}
    for client_id, events in own.items():
        stats = Engagement()
        for kind, micros, cents in count_events(events):
            stats = stats.add_event(rules, kind, datetime.fromtimestamp(micros / 1e6, utc(2026, 1, 1).tzinfo), cents)
        found[client_id] = score_client(rules, stats, utc(2026, 11, 29)).score
    return found


def test_five_lines_of_one_order_score_as_one_line_of_the_same_total(scores: dict[str, float]) -> None:
    assert scores["s-1"] == pytest.approx(scores["s-2"])


def test_a_return_takes_the_order_back(scores: dict[str, float]) -> None:
    assert scores["s-3"] < scores["s-2"] / 2


def test_a_viewer_of_one_item_is_below_every_buyer(scores: dict[str, float]) -> None:
    assert scores["s-4"] < min(scores["s-1"], scores["s-3"])
