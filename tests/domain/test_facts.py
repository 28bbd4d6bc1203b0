"""Facts are true at their moment, whatever a client did; and there is always one to state."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.facts import CODES, ClientEvent, History, HistoryItem, build_history, state_facts
from domain.text_rules import find_unsafe_text
from domain.wording import fold_words
from models.base import utc
from tests.agents.briefs import histories
from tests.domain.fact_truth import is_true

NOW = utc(2026, 6, 1, 12)
JOINED = History(signed_up_at=utc(2025, 1, 2))
CATALOGUE = {
    "i-1": ("Linen Shirt", "shirts", "navy"),
    "i-2": ("Wool Coat", "coats", "charcoal"),
    "i-3": ("Silk Scarf", "scarves", ""),
    "i-4": ("Oxford Shirt", "shirts", "white"),
}


def build_event(
    kind: str, at: datetime, item_id: str | None = None, *, kept: bool = False, order: str = ""
) -> ClientEvent:
    title, category, colour = CATALOGUE.get(item_id or "", ("", "", ""))
    return ClientEvent(kind, at, item_id, title, category, colour, order, kept)


def state_by_code(*deeds: ClientEvent, now: datetime = NOW, complete: bool = True, **changes: object) -> dict[str, str]:
    history = build_history(JOINED.model_copy(update=changes), deeds, now, complete=complete)
    return {fact.code: fact.text for fact in state_facts(history, now)}


deeds = st.lists(
    st.builds(
        build_event,
        st.sampled_from(
            ["order_placed", "order_placed", "order_returned", "wishlisted", "item_viewed", "fix_feedback"]
        ),
        st.integers(-40, 400).map(lambda hours: NOW - timedelta(hours=hours * 7)),
        st.sampled_from([*CATALOGUE, None]),
        kept=st.booleans(),
        order=st.sampled_from(["", "", "o-1", "o-2"]),
    ),
    max_size=14,
)


@given(deeds, st.sampled_from(["UTC", "Pacific/Auckland", "America/Los_Angeles"]))
@settings(max_examples=400, deadline=None)
def test_every_fact_is_true_at_its_moment(done, zone) -> None:
    history = build_history(JOINED.model_copy(update={"zone": zone}), done, NOW, complete=True)
    for fact in state_facts(history, NOW):
        assert fact.code == "signed_up" or is_true(fact, done, NOW, zone), fact


@given(histories)
def test_there_is_always_a_fact_and_all_may_be_said(history) -> None:
    sentences = state_facts(history, NOW)
    assert sentences[-1].code == "signed_up"
    for fact in sentences:
        assert fact.text.endswith(".")
        assert not list(find_unsafe_text(fact.text, fold_words([fact.text])))


def test_what_a_buyer_is_told() -> None:
    sentences = state_by_code(
        build_event("order_placed", utc(2026, 3, 3), "i-1"),
        build_event("order_placed", utc(2025, 12, 30), "i-4"),
        build_event("item_viewed", utc(2026, 5, 30), "i-2"),
    )
    assert sentences == {
        "last_item": "Your last order, on 3 March, included the Linen Shirt in navy.",
        "favourite_category": "There is one part of our shop you order from more than any other: shirts.",
        "orders_count": "You have ordered from us twice.",
        "last_order": "Your last order with us was on 3 March.",
        "last_viewed": "You looked at the Wool Coat in charcoal on 30 May.",
        "signed_up": "You joined us on 2 January 2025.",
    }


def test_what_a_new_client_is_told() -> None:
    sentences = state_by_code(
        sizes=("M", "L"), quiz_styles=("classic", "minimal", "boho", "sporty"), quiz_colours=("navy",)
    )
    assert sentences == {
        "quiz_styles": "In your style quiz you chose classic, minimal and boho.",
        "quiz_colours": "In your style quiz you named these colours: navy.",
        "sizes": "You told us what you wear: M and L.",
        "signed_up": "You joined us on 2 January 2025.",
    }


def test_every_code_can_be_told() -> None:
    piece = HistoryItem(title="Linen Shirt", at=NOW)
    full = History(
        signed_up_at=NOW, sizes=("M",), quiz_styles=("a",), quiz_colours=("b",), orders=9, last_order_at=NOW,
        last_item=piece, favourite_category="shirts", kept=piece, wished=piece, viewed=piece, arrived="Wool Coat",
    )  # fmt: skip
    assert tuple(fact.code for fact in state_facts(full, NOW)) == CODES


def test_the_future_and_what_went_back_are_not_told() -> None:
    order, ahead = (
        build_event("order_placed", utc(2026, 3, 3), "i-1"),
        build_event("order_placed", NOW + timedelta(minutes=4), "i-2"),
    )
    back = build_event("order_returned", utc(2026, 3, 9), "i-1")
    assert "last_item" not in state_by_code(order, ahead, back)
    assert state_by_code(order, ahead, back)["last_order"] == "Your last order with us was on 3 March."
    assert (
        "Linen Shirt"
        in state_by_code(order, ahead, back, build_event("order_placed", utc(2026, 4, 1), "i-1"))["last_item"]
    )


def test_lines_of_one_order_are_one_order() -> None:
    lines = [build_event("order_placed", utc(2026, 3, 3), item, order="o-1") for item in ("i-1", "i-2")]
    together = [build_event("order_placed", utc(2026, 4, 3), item) for item in ("i-1", "i-2", "i-3")]
    assert state_by_code(*lines, *together)["orders_count"] == "You have ordered from us twice."


def test_nothing_is_counted_when_not_all_was_read() -> None:
    done = [build_event("order_placed", utc(2026, month, 3), "i-1") for month in (1, 2, 3)]
    assert {"orders_count", "favourite_category"} <= state_by_code(*done).keys()
    assert {"orders_count", "favourite_category"} & state_by_code(*done, complete=False).keys() == set()


@pytest.mark.parametrize(
    ("zone", "locale", "day"),
    [
        ("UTC", "en", "31 December 2025"),
        ("Pacific/Auckland", "en-GB", "1 January"),
        ("UTC", "en_US", "December 31, 2025"),
    ],
)
def test_days_are_of_the_clients_own_calendar(zone, locale, day) -> None:
    order = build_event("order_placed", utc(2025, 12, 31, 23))
    assert state_by_code(order, zone=zone, locale=locale)["last_order"] == f"Your last order with us was on {day}."


def test_a_title_that_cannot_be_quoted_is_not_told() -> None:
    order = ClientEvent("order_placed", utc(2026, 3, 3), "i-9", "Look at www.evil.com", "shirts", "navy")
    assert "last_item" not in state_by_code(order)
    assert "last_order" in state_by_code(order)
