"""What clients say of a Fix goes into its box, in whatever order it comes; the last word nudges the workflow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import Engine, select

from models.events import Event
from models.fixes import FixState, FixWish
from services.ingestion import intake
from store.clients import owned_items
from store.clients.interactions import load_signals
from store.database import read_transaction, write_transaction
from store.events import outbox
from store.fixes import fixes, outcomes, reservations
from store.mail.policy import ShopPolicy
from store.tables import fix_items
from tests.store.boxes import box_states, build_piece, put_state, seed_fix, seed_stock
from tests.store.conftest import NOW, REAL
from tests.store.seeds import event, seed_clients, seed_items
from tests.store.test_races import at_once


@pytest.fixture
def fix(engine: Engine, policy: ShopPolicy) -> str:
    """Ann's Fix of two items, approved and held."""
    with write_transaction(engine) as connection:
        seed_stock(connection, policy, {"a": 1, "b": 1, "c": 1})
        fix_id = seed_fix(connection, policy)
        reservations.reserve_box(connection, fix_id, [build_piece("a"), build_piece("b")], NOW, None)
        put_state(connection, fix_id, FixState.APPROVED)
    return fix_id


def ship(engine: Engine, fix_id: str) -> None:
    with write_transaction(engine) as connection:
        reservations.sell_box(connection, fix_id, NOW)
        fixes.move_fix(connection, fix_id, FixState.SHIPPED, NOW)


def says(event_id: str, fix_id: str | None, item_id: str, kept: bool, hours: float = 0, **fields: Any) -> Event:
    fields = {"fix_id": fix_id, "kept": kept, "client_id": "ann", **fields}
    return event(event_id, "fix_feedback", at=NOW - timedelta(hours=24 - hours), item_id=item_id, **fields)


def hear(engine: Engine, policy: ShopPolicy, *events_said: Event, **options: Any) -> list[str]:
    """Take events in; the Fixes that were nudged by now."""
    with write_transaction(engine) as connection:
        done = intake.accept_events(connection, events_said, policy, NOW, REAL, **options)
        assert done.refused == []
        return [nudge.target for nudge in outbox.lease_nudges(connection, 9, REAL, 0) if nudge.kind == "fix"]


def row(engine: Engine, fix_id: str, sku: str) -> Any:
    with read_transaction(engine) as connection:
        query = select(fix_items).where(fix_items.c.fix_id == fix_id, fix_items.c.sku == sku)
        return connection.execute(query).one()


def test_feedback_is_kept_whole_and_the_last_of_it_nudges(engine: Engine, policy: ShopPolicy, fix: str) -> None:
    ship(engine, fix)
    events_said: dict[str, Any] = {
        "fit": "small",
        "price": "too_high",
        "style": 4,
        "quality": 5,
        "rating": 3,
        "note": "itches",
    }
    assert hear(engine, policy, says("e1", fix, "a", False, **events_said)) == []
    box_row = row(engine, fix, "a")
    assert (box_row.state, box_row.fit, box_row.note) == ("returned", "small", "itches")
    assert box_row.feedback == {"price": "too_high", "style": 4, "quality": 5, "rating": 3}
    assert box_row.feedback_at == NOW - timedelta(hours=24)
    assert hear(engine, policy, says("e2", fix, "b", True)) == [fix]
    assert box_states(engine, fix) == {"a": "returned", "b": "kept"}


def test_whatever_the_order_the_latest_word_stands(engine: Engine, policy: ShopPolicy, fix: str) -> None:
    ship(engine, fix)
    words = [says(f"e{hour}", fix, "a", hour == 2, hour, fit="fit" if hour == 2 else None) for hour in range(3)]
    for turn, order in enumerate(permutations(words)):
        for feedback_event in order:
            hear(engine, policy, feedback_event.model_copy(update={"event_id": f"{feedback_event.event_id}-{turn}"}))
        box_row = row(engine, fix, "a")
        assert (box_row.state, box_row.fit, box_row.feedback_at) == ("kept", "fit", NOW - timedelta(hours=22))


def test_feedback_that_comes_before_the_box_is_shipped_is_not_lost(
    engine: Engine, policy: ShopPolicy, fix: str
) -> None:
    assert hear(engine, policy, says("e1", fix, "a", True), says("e2", fix, "b", False)) == []
    assert box_states(engine, fix) == {"a": "held", "b": "held"}
    ship(engine, fix)
    assert box_states(engine, fix) == {"a": "kept", "b": "returned"}
    with read_transaction(engine) as connection:
        assert fixes.count_unanswered(connection, fix) == 0


def test_feedback_on_what_is_not_theirs_changes_nothing(engine: Engine, policy: ShopPolicy, fix: str) -> None:
    ship(engine, fix)
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, "bob")
    strange = [
        says("e1", fix, "a", True, client_id="bob"),
        says("e2", "an-older-one", "a", True),
        says("e3", None, "a", True),
        says("e4", fix, "c", True),
    ]
    assert hear(engine, policy, *strange) == []
    assert box_states(engine, fix) == {"a": "sold", "b": "sold"}


def test_what_was_let_go_gets_no_feedback(engine: Engine, policy: ShopPolicy, fix: str) -> None:
    with write_transaction(engine) as connection:
        reservations.reserve_box(connection, fix, [build_piece("b"), build_piece("c")], NOW, None)
    ship(engine, fix)
    assert hear(engine, policy, says("e1", fix, "a", True), says("e2", fix, "b", True)) == []
    assert box_states(engine, fix) == {"a": "released", "b": "kept", "c": "sold"}
    assert hear(engine, policy, says("e3", fix, "c", True)) == [fix]


def test_a_closed_fix_is_corrected_and_nobody_is_woken(engine: Engine, policy: ShopPolicy, fix: str) -> None:
    ship(engine, fix)
    with write_transaction(engine) as connection:
        put_state(connection, fix, FixState.CLOSED)
    assert hear(engine, policy, says("e1", fix, "a", False), says("e2", fix, "b", True)) == []
    assert box_states(engine, fix) == {"a": "returned", "b": "kept"}


def test_where_no_workflow_is_asked_for_none_is_nudged(engine: Engine, policy: ShopPolicy, fix: str) -> None:
    ship(engine, fix)
    assert hear(engine, policy, says("e1", fix, "a", True), says("e2", fix, "b", True), notify=False) == []
    assert box_states(engine, fix) == {"a": "kept", "b": "kept"}


def test_feedback_that_meets_the_shipping_is_not_lost(engine: Engine, policy: ShopPolicy) -> None:
    """Each sees the other, or is seen by it."""
    clients = [f"c{number}" for number in range(24)]
    with write_transaction(engine) as connection:
        seed_stock(connection, policy, {"a": len(clients)})
        ids = {client: seed_fix(connection, policy, client, FixState.APPROVED) for client in clients}
    for fix_id in ids.values():
        with write_transaction(engine) as connection:
            assert reservations.reserve_box(connection, fix_id, [build_piece("a")], NOW, None) == ()

    def build_hearing_job(client: str) -> Callable[[], None]:
        def job() -> None:
            with write_transaction(engine) as connection:
                events_said = says(f"e-{client}", ids[client], "a", True, client_id=client)
                assert intake.accept_events(connection, [events_said], policy, NOW, REAL).accepted

        return job

    def build_shipping_job(client: str) -> Callable[[], None]:
        return lambda: ship(engine, ids[client])

    at_once([job(client) for client in clients for job in (build_hearing_job, build_shipping_job)])
    assert {tuple(box_states(engine, fix_id).values()) for fix_id in ids.values()} == {("kept",)}


# --- what is learnt from it ---


def test_p_keep_is_learnt_from_what_was_kept(engine: Engine, policy: ShopPolicy, fix: str) -> None:
    with read_transaction(engine) as connection:
        assert outcomes.learn_keep_model(connection).outcomes == 0
    with write_transaction(engine) as connection:
        box = [build_piece("a", liking=2.0, p_fit=0.9), build_piece("b", liking=-1.0, p_fit=0.9)]
        reservations.reserve_box(connection, fix, box, NOW, None)
    ship(engine, fix)
    hear(engine, policy, says("e1", fix, "a", True), says("e2", fix, "b", False))
    with read_transaction(engine) as connection:
        learnt = outcomes.learn_keep_model(connection)
    assert learnt.outcomes == 2
    assert learnt.shared[1] > 0.5  # the liked one was kept, the other not
    hear(engine, policy, says("e3", fix, "a", False, 1), says("e4", fix, "b", True, 1))
    with read_transaction(engine) as connection:
        assert outcomes.learn_keep_model(connection).shared[1] < 0.5


def test_what_a_client_has_and_wears(engine: Engine, policy: ShopPolicy, fix: str) -> None:
    """A fits and is kept; b, of the size that the Fix held, was too small and went back; c lies in another box."""
    with write_transaction(engine) as connection:
        seed_items(connection, policy, "old", "long-ago")
    ship(engine, fix)
    with write_transaction(engine) as connection:
        second = fixes.save_request(connection, "ann", FixWish(), NOW)
        reservations.reserve_box(connection, second, [build_piece("c")], NOW, None)
    events_said = [
        says("e1", fix, "a", True, fit="fit", size=" l "),
        says("e2", fix, "b", False, fit="small"),
        says("e3", None, "old", False, -24 * 10, fit="large", size="XL"),
        says("e4", None, "long-ago", False, -24 * 100, fit="fit", size="M"),  # b's word is later
    ]
    hear(engine, policy, *events_said)
    with read_transaction(engine) as connection:
        client_signals = load_signals(connection, "ann", NOW)
        box_row = owned_items.load_wearer(connection, client_signals, NOW)
        assert box_row.owned == {"a"}
        assert box_row.sent_back == {"b", "old"}
        assert box_row.elsewhere == {"c"}
        assert box_row.verdicts == {"knit": {"l": "fit", "m": "small", "xl": "large"}}
        assert owned_items.load_wearer(connection, client_signals, NOW, except_fix=second).elsewhere == frozenset()


def test_what_is_on_its_way_is_not_sent_again(engine: Engine, policy: ShopPolicy, fix: str) -> None:
    ship(engine, fix)
    with read_transaction(engine) as connection:
        assert owned_items.load_wearer(connection, load_signals(connection, "ann", NOW), NOW).elsewhere == {"a", "b"}
