"""Which events of a batch come in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.intake import TOLERANCE, EventFacts, sort_events
from models.events import EVENT, Event

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
FACTS = EventFacts(
    clients=frozenset({"ann", "bea"}), erased=frozenset({"zoe"}), items=frozenset({"knit"}), owners={"old": "ann"}
)


def build(event_id: str = "e1", client_id: str = "ann", kind: str = "item_viewed", **fields: Any) -> Event:
    item = {"item_id": "knit"} if kind == "item_viewed" else {}
    event: Event = EVENT.validate_python(
        {"event_id": event_id, "client_id": client_id, "type": kind, "occurred_at": NOW, **item, **fields}
    )
    return event


def sort(*batch: Event, facts: EventFacts = FACTS) -> tuple[list[str], list[str], list[tuple[int, str, str]]]:
    sorting = sort_events(batch, [getattr(event, "item_id", None) for event in batch], facts, "USD", NOW)
    refused = [(refusal.index, refusal.event_id, refusal.field) for refusal in sorting.refused]
    return list(sorting.accepted), sorting.duplicates, refused


def test_the_first_of_an_id_stays_and_another_client_s_is_refused() -> None:
    batch = [build("e1"), build("e1"), build("old"), build("e1", "bea"), build("old", "bea"), build("e2", "bea")]
    assert sort(*batch) == (["e1", "e2"], ["e1", "old"], [(3, "e1", "event_id"), (4, "old", "event_id")])


@pytest.mark.parametrize(
    ("event", "field"),
    [
        (build(client_id="who"), "client_id"),
        (build(client_id="zoe"), "client_id"),
        (build(occurred_at=NOW + TOLERANCE + timedelta(microseconds=1)), "occurred_at"),
        (build(kind="order_placed", currency="EUR"), "currency"),
        (build(kind="order_returned", currency="EUR"), "currency"),
        (build(item_id="coat"), "item_id"),
    ],
    ids=["unknown", "erased", "future", "currency", "currency of a return", "item"],
)
def test_a_refusal_names_the_field(event: Event, field: str) -> None:
    assert sort(event) == ([], [], [(0, "e1", field)])


@pytest.mark.parametrize(
    "event",
    [build(occurred_at=NOW + TOLERANCE), build(kind="order_placed", currency="USD"), build(kind="order_placed")],
    ids=["ahead", "currency", "no currency"],
)
def test_what_is_just_right_comes_in(event: Event) -> None:
    assert sort(event) == (["e1"], [], [])


def test_an_empty_catalogue_knows_no_wrong_item() -> None:
    facts = EventFacts(FACTS.clients, FACTS.erased, None, {})
    assert sort(build(item_id="coat"), facts=facts)[0] == ["e1"]
