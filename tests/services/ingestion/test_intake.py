"""What taking events in does, and to whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, insert, select

from models.events import Event
from models.states import Phase
from services.ingestion import intake
from services.ingestion.intake import IntakeResult
from store.database import read_transaction, write_transaction
from store.mail.policy import ShopPolicy
from store.mail.suppressions import hash_client_id
from store.tables import clients, engagement, standings, tombstones
from store.tables import events as table
from tests.store.conftest import NOW, REAL
from tests.store.seeds import days, event, list_waiting, seed_clients, seed_items, seed_standing
from tests.support.suppressions import find_suppression


def take_events(connection: Connection, policy: ShopPolicy, *batch: Event, notify: bool = True) -> IntakeResult:
    return intake.accept_events(connection, batch, policy, NOW, REAL, notify=notify)


def refusals(done: IntakeResult) -> list[tuple[int, str]]:
    return [(refusal.index, refusal.field) for refusal in done.refused]


@pytest.fixture
def seeded(engine: Engine, policy: ShopPolicy) -> Engine:
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, "ann", "bob")
        seed_items(connection, policy, "knit-1")
    return engine


def all_rows(engine: Engine) -> dict[str, Sequence[Any]]:
    with read_transaction(engine) as connection:
        return {t.name: connection.execute(select(t).order_by(*t.primary_key)).all() for t in (table, engagement)}


def test_an_event_is_kept_whole(seeded: Engine, policy: ShopPolicy) -> None:
    given = [
        event("e1", "order_placed", item_id="knit-1", quantity=2, value="29.33", currency="USD", order_id="o-1"),
        event("e2", "fix_feedback", item_id="knit-1", kept=True, fit="small", note="zu eng · 小さい"),
        event("e3", "searched"),
        event("e4", "email_bounced", hard=False),
    ]
    with write_transaction(seeded) as connection:
        assert take_events(connection, policy, *given).accepted == ["e1", "e2", "e3", "e4"]
    one, two, three, four = all_rows(seeded)["events"]
    assert (one.type, one.item_id, one.quantity, one.value_cents) == ("order_placed", "knit-1", 2, 2933)
    assert (one.occurred_at, one.client_id, one.data) == (NOW, "ann", {"order_id": "o-1"})
    assert two.data == {"kept": True, "fit": "small", "note": "zu eng · 小さい"}
    assert three.data is None
    assert four.data == {"hard": False}


def test_the_same_batch_twice_changes_nothing(seeded: Engine, policy: ShopPolicy) -> None:
    batch = [event(f"e{i}", "order_placed", at=NOW - days(i), value="20") for i in range(5)]
    with write_transaction(seeded) as connection:
        take_events(connection, policy, *batch)
    once = all_rows(seeded)
    with write_transaction(seeded) as connection:
        again = take_events(connection, policy, *batch)
    assert (again.accepted, sorted(again.duplicates)) == ([], [f"e{i}" for i in range(5)])
    assert all_rows(seeded) == once


def test_an_id_twice_in_one_batch_counts_once(seeded: Engine, policy: ShopPolicy) -> None:
    batch = [event("e1", "order_placed", client_id="nobody"), event("e1", "order_placed"), event("e1", "searched")]
    with write_transaction(seeded) as connection:
        done = take_events(connection, policy, *batch)
        orders = connection.scalar(select(engagement.c.orders).where(engagement.c.client_id == "ann"))
    assert (refusals(done), done.accepted, done.duplicates, orders) == ([(0, "client_id")], ["e1"], ["e1"], 1)


def test_each_refusal_names_the_field_and_the_good_ones_go_in(seeded: Engine, policy: ShopPolicy) -> None:
    with write_transaction(seeded) as connection:
        connection.execute(insert(tombstones).values(client_hash=hash_client_id(policy.signing_key, "gone"), at=NOW))
        done = take_events(
            connection,
            policy,
            event("e0", "searched"),
            event("e1", "searched", client_id="nobody"),
            event("e2", "searched", client_id="gone"),
            event("e3", "searched", at=NOW + days(1)),
            event("e4", "order_placed", value="1", currency="EUR"),
            event("e5", "item_viewed", item_id="knit-9"),
            event("e6", "searched", at=NOW + days(4 / 1440)),
        )
    assert done.accepted == ["e0", "e6"]
    assert refusals(done) == [(1, "client_id"), (2, "client_id"), (3, "occurred_at"), (4, "currency"), (5, "item_id")]
    assert "erased" in done.refused[1].reason
    assert "SELVEDGE_SHOP_CURRENCY" in done.refused[3].reason


def test_any_item_is_taken_while_the_catalogue_is_empty(engine: Engine, policy: ShopPolicy) -> None:
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, "ann")
        assert take_events(connection, policy, event("e1", "item_viewed", item_id="anything")).accepted == ["e1"]


def test_orders_are_counted_and_returns_take_back_their_value(seeded: Engine, policy: ShopPolicy) -> None:
    with write_transaction(seeded) as connection:
        take_events(connection, policy, event("e1", "order_placed", at=NOW - days(9), value="10.50"))
        take_events(
            connection, policy, event("e2", "order_placed", at=NOW - days(30), value="5"), event("e3", "order_placed")
        )
        take_events(connection, policy, event("e4", "order_returned", value="5"))
        row = connection.execute(select(engagement)).one()
    assert (row.orders, row.orders_value_cents) == (3, 1050)
    assert (row.first_order_at, row.last_order_at, row.anchor_at) == (NOW - days(30), NOW, NOW)


def test_machines_and_silent_types_do_not_count(seeded: Engine, policy: ShopPolicy) -> None:
    with write_transaction(seeded) as connection:
        take_events(connection, policy, event("e1", "email_clicked", machine=True), event("e2", "email_opened"))
        take_events(connection, policy, event("e3", "signed_up"))
        assert connection.execute(select(engagement)).all() == []
        take_events(connection, policy, event("e4", "email_clicked"))
        assert connection.scalar(select(engagement.c.frequency)) == pytest.approx(0.2)


def test_a_signup_asks_for_a_start_once(seeded: Engine, policy: ShopPolicy) -> None:
    with write_transaction(seeded) as connection:
        take_events(connection, policy, event("e1", "signed_up"), event("e2", "signed_up"), event("e3", "searched"))
        assert list_waiting(connection) == ["ann"]
        take_events(connection, policy, event("e4", "signed_up", client_id="bob"), notify=False)
        assert list_waiting(connection) == ["ann"]


def test_only_an_event_that_lifts_past_the_threshold_nudges(seeded: Engine, policy: ShopPolicy) -> None:
    with write_transaction(seeded) as connection:
        seed_standing(connection, "ann")
        assert not take_events(connection, policy, event("e1", "item_viewed", item_id="knit-1")).nudged
        late = event("e2", "order_placed", at=NOW - days(400))
        assert not take_events(connection, policy, late).nudged, "a late order says nothing of today"
        assert list_waiting(connection) == []
        assert take_events(connection, policy, event("e3", "order_placed")).nudged == {"ann"}
        assert list_waiting(connection) == ["ann"]


def test_at_the_top_nothing_lifts(seeded: Engine, policy: ShopPolicy) -> None:
    with write_transaction(seeded) as connection:
        seed_standing(connection, "ann", Phase.ACTIVE, lift_score=None)
        assert not take_events(connection, policy, event("e1", "order_placed")).nudged


@pytest.mark.parametrize("kind", ["quiz_answered", "order_placed"])
def test_what_moves_onboarding_nudges_then_and_only_then(seeded: Engine, policy: ShopPolicy, kind: str) -> None:
    with write_transaction(seeded) as connection:
        seed_standing(connection, "ann", Phase.ONBOARDING, lift_score=None)
        seed_standing(connection, "bob", Phase.ACTIVE, lift_score=None)
        done = take_events(connection, policy, event("e1", kind), event("e2", kind, client_id="bob"))
        assert done.nudged == {"ann"}


def test_the_latest_quiz_holds_whatever_arrives_last(seeded: Engine, policy: ShopPolicy) -> None:
    with write_transaction(seeded) as connection:
        take_events(connection, policy, event("q2", "quiz_answered", styles=["classic"], budget="120.50"))
        take_events(connection, policy, event("q1", "quiz_answered", at=NOW - days(5), styles=["boho"]))
        quiz = connection.scalar(select(clients.c.quiz).where(clients.c.client_id == "ann"))
        untouched = connection.scalar(select(clients.c.client_id).where(clients.c.quiz.is_(None)))
    assert quiz == {"styles": ["classic"], "colours": [], "categories": [], "sizes": [], "budget_cents": 12050}
    assert untouched == "bob"


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
@pytest.mark.parametrize("together", [True, False])
def test_the_later_change_of_consent_holds(
    seeded: Engine, policy: ShopPolicy, order: tuple[int, ...], together: bool
) -> None:
    answers = [
        event("c1", "consent_changed", at=NOW - days(3), consent=False),
        event("c2", "consent_changed", at=NOW - days(2), consent=True),
        event("c3", "unsubscribed", at=NOW - days(1)),
    ]
    batch = [answers[i] for i in order]
    with write_transaction(seeded) as connection:
        for part in [batch] if together else [[one] for one in batch]:
            take_events(connection, policy, *part)
        row = connection.execute(select(clients).where(clients.c.client_id == "ann")).one()
    assert (row.consent, row.consent_at) == (False, NOW - days(1))


@pytest.mark.parametrize("order", [("yes", "no"), ("no", "yes")])
def test_of_two_changes_at_one_moment_the_withdrawal_holds(
    seeded: Engine, policy: ShopPolicy, order: tuple[str, str]
) -> None:
    answers = {"yes": event("c1", "consent_changed", consent=True), "no": event("c2", "unsubscribed")}
    with write_transaction(seeded) as connection:
        for word in order:
            take_events(connection, policy, answers[word])
        assert connection.scalar(select(clients.c.consent).where(clients.c.client_id == "ann")) is False


def test_consent_given_nudges_and_consent_withdrawn_does_not(engine: Engine, policy: ShopPolicy) -> None:
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, "ann", consent=False)
        assert take_events(connection, policy, event("c1", "consent_changed", consent=True)).nudged == {"ann"}
        again = event("c2", "consent_changed", at=NOW + days(1 / 1440), consent=True)
        assert not take_events(connection, policy, again).nudged
        assert not take_events(connection, policy, event("c3", "unsubscribed", at=NOW + days(2 / 1440))).nudged


@pytest.mark.parametrize(
    ("kind", "fields", "reason"),
    [
        ("email_complained", {}, "complaint"),
        ("email_bounced", {"hard": True}, "hard_bounce"),
        ("email_bounced", {"hard": False}, None),
        ("unsubscribed", {}, None),
    ],
)
def test_complaints_and_hard_bounces_suppress_the_address(
    seeded: Engine, policy: ShopPolicy, kind: str, fields: dict[str, Any], reason: str | None
) -> None:
    with write_transaction(seeded) as connection:
        take_events(connection, policy, event("b1", kind, **fields))
        assert find_suppression(connection, policy.signing_key, "Ann@Shop.example") == reason
        assert find_suppression(connection, "another key", "ann@shop.example") is None
        consent = connection.scalar(select(clients.c.consent).where(clients.c.client_id == "ann"))
    assert consent is (kind == "email_bounced"), "a bounce says nothing of what the client wants"


def test_a_batch_that_fails_leaves_nothing(seeded: Engine, policy: ShopPolicy) -> None:
    before = all_rows(seeded)

    def fails() -> None:
        with write_transaction(seeded) as connection:
            take_events(connection, policy, event("e1", "order_placed"), event("e2", "signed_up"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    assert all_rows(seeded) == before
    with read_transaction(seeded) as connection:
        assert list_waiting(connection) == []


def test_an_empty_batch_is_fine(seeded: Engine, policy: ShopPolicy) -> None:
    with write_transaction(seeded) as connection:
        done = take_events(connection, policy)
        assert (done.accepted, done.refused, connection.execute(select(standings)).all()) == ([], [], [])
