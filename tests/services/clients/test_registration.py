"""Stating clients, and what a later statement may and may not change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, insert, select, update

from models.clients import Client, ClientPolicy, ClientRow
from models.consents import ConsentRecord, Purpose
from services.clients import registration
from services.ingestion import intake
from store.clients import clients
from store.database import write_transaction
from store.mail.policy import ShopPolicy
from store.mail.suppressions import hash_client_id
from store.tables import clients as table
from store.tables import tombstones
from tests.store.conftest import NOW, REAL
from tests.store.seeds import client_row, days, event, list_waiting, seed_clients

FULL: dict[str, Any] = {
    "first_name": "Ann",
    "time_zone": "America/New_York",
    "locale": "en-US",
    "signed_up_at": "2025-01-02T03:04:05+01:00",
    "consent": True,
    "sizes": ["M", "38"],
    "tags": ["vip"],
}


def put_clients(connection: Connection, policy: ShopPolicy, *rows: ClientRow, start: bool = True) -> Any:
    return registration.upsert_clients(connection, rows, policy, NOW, REAL, start=start)


def ann(connection: Connection) -> Client:
    row = clients.load_client(connection, "ann")
    assert row is not None
    return row


def rows(connection: Connection) -> Sequence[Any]:
    return connection.execute(select(table).order_by(table.c.client_id)).all()


def test_a_client_is_kept_whole(engine: Engine, policy: ShopPolicy) -> None:
    with write_transaction(engine) as connection:
        put_clients(connection, policy, client_row("ann", **FULL))
        client = ann(connection)
    assert client.model_dump(exclude={"policy", "signed_up_at"}) == {
        "client_id": "ann",
        "email": "ann@shop.example",
        "first_name": "Ann",
        "time_zone": "America/New_York",
        "time_zone_assumed": False,
        "locale": "en-US",
        "country": "",
        "consent": True,
        "sizes": ("M", "38"),
        "tags": ("vip",),
        "purposes": {"mail": {"agreed": True, "at": NOW, "source": "shop"}},
    }
    assert client.signed_up_at.isoformat() == "2025-01-02T02:04:05+00:00"


def test_the_same_row_twice_changes_nothing_and_starts_once(engine: Engine, policy: ShopPolicy) -> None:
    with write_transaction(engine) as connection:
        assert list(put_clients(connection, policy, client_row("ann", **FULL)).new) == ["ann"]
        before = rows(connection)
        assert list_waiting(connection) == ["ann"]
        connection.exec_driver_sql("DELETE FROM outbox")
        again = put_clients(connection, policy, client_row("ann", **FULL), client_row("ann", **FULL))
        assert (again.new, again.changed, again.same) == ({}, {}, 2)
        assert (rows(connection), list_waiting(connection)) == (before, [])


def test_starts_can_be_left_out(engine: Engine, policy: ShopPolicy) -> None:
    with write_transaction(engine) as connection:
        put_clients(connection, policy, client_row("ann"), start=False)
        assert list_waiting(connection) == []


def test_what_a_row_does_not_state_stays(engine: Engine, policy: ShopPolicy) -> None:
    with write_transaction(engine) as connection:
        put_clients(connection, policy, client_row("ann", **FULL))
        connection.execute(update(table).values(policy={"preferred_hour": 9}, quiz={"styles": ["boho"]}))
        done = put_clients(connection, policy, client_row("ann", tags=["lapsed"]))
        client = ann(connection)
        quiz = connection.scalar(select(table.c.quiz))
    assert (done.changes, client.tags, client.sizes, client.time_zone) == (
        1,
        ("lapsed",),
        ("M", "38"),
        "America/New_York",
    )
    assert (client.consent, client.first_name, client.policy.preferred_hour, quiz) == (
        True,
        "Ann",
        9,
        {"styles": ["boho"]},
    )


def test_a_missing_time_zone_is_the_shops_and_flagged_until_it_is_known(engine: Engine, policy: ShopPolicy) -> None:
    with write_transaction(engine) as connection:
        done = put_clients(connection, policy, client_row("ann"))
        assert (ann(connection).time_zone, ann(connection).time_zone_assumed) == ("Europe/London", True)
        assert done.notes == {"time_zone_assumed": 1}
        put_clients(connection, policy, client_row("ann", time_zone="Asia/Tokyo"))
        put_clients(connection, policy, client_row("ann"))
        assert (ann(connection).time_zone, ann(connection).time_zone_assumed) == ("Asia/Tokyo", False)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"time_zone": "Mars/Olympus"}, "time_zone"),
        ({"time_zone": "../../etc/passwd"}, "time_zone"),
        ({"time_zone": "Europe"}, "time_zone"),
        ({"signed_up_at": (NOW + days(1)).isoformat()}, "signed_up_at"),
        ({"client_id": "gone"}, "client_id"),
    ],
)
def test_a_bad_row_is_refused_by_field_and_the_others_go_in(
    engine: Engine, policy: ShopPolicy, fields: dict[str, Any], field: str
) -> None:
    with write_transaction(engine) as connection:
        connection.execute(insert(tombstones).values(client_hash=hash_client_id(policy.signing_key, "gone"), at=NOW))
        bad = client_row(**{"client_id": "bad"} | fields)
        done = put_clients(connection, policy, client_row("ann"), bad, client_row("bob"))
        assert [(refusal.index, refusal.field) for refusal in done.refused] == [(1, field)]
        assert [row.client_id for row in rows(connection)] == ["ann", "bob"]
        assert list_waiting(connection) == ["ann", "bob"]


def test_a_row_gives_consent_only_while_nobody_withdrew_it(engine: Engine, policy: ShopPolicy) -> None:
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, "ann", consent=False)
        put_clients(connection, policy, client_row("ann", consent=True))
        assert ann(connection).consent
        assert list_waiting(connection) == ["ann"], "who now consents may have mail due"
        intake.accept_events(connection, [event("u1", "unsubscribed")], policy, NOW, REAL)
        done = put_clients(connection, policy, client_row("ann", consent=True))
        assert not ann(connection).consent
        assert done.notes["withdrawal_kept"] == 1


def test_a_row_withdraws_consent_at_once(engine: Engine, policy: ShopPolicy) -> None:
    with write_transaction(engine) as connection:
        put_clients(connection, policy, client_row("ann", consent=True))
        put_clients(connection, policy, client_row("ann", consent=False))
        assert not ann(connection).consent
        earlier = event("c1", "consent_changed", at=NOW - days(1), consent=True)
        intake.accept_events(connection, [earlier], policy, NOW, REAL)
        assert not ann(connection).consent, "what occurred before the withdrawal does not undo it"


def test_each_purpose_keeps_its_last_word_with_time_and_source(engine: Engine, policy: ShopPolicy) -> None:
    with write_transaction(engine) as connection:
        put_clients(connection, policy, client_row("ann", consent=True, measurement=True, consent_source="checkout"))
        refusal = event("p1", "consent_changed", at=NOW - days(2), consent=False, purposes=["personalisation"])
        mail = event("p2", "consent_changed", at=NOW + days(0.001), consent=False, source="quiz")
        intake.accept_events(connection, [refusal, mail], policy, NOW, REAL)
        refused = ConsentRecord(agreed=False, at=NOW - days(2), source="shop")
        assert ann(connection).purposes == {
            "mail": ConsentRecord(agreed=False, at=NOW + days(0.001), source="quiz"),
            "personalisation": refused,
            "measurement": ConsentRecord(agreed=True, at=NOW, source="checkout"),
        }
        done = put_clients(connection, policy, client_row("ann", personalisation=True, measurement=True))
        assert (done.notes["refusal_kept"], done.same) == (1, 1)
        again = event("p3", "consent_changed", consent=True, purposes=["personalisation", "measurement"])
        intake.accept_events(connection, [again], policy, NOW, REAL)
        assert ann(connection).purposes[Purpose.PERSONALISATION].agreed
        assert not ann(connection).consent, "mail is another purpose"


def test_an_unknown_client_is_none(engine: Engine) -> None:
    with write_transaction(engine) as connection:
        assert clients.load_client(connection, "nobody") is None


def test_a_preferred_hour_is_kept_beside_other_wishes_and_said_where_it_is_night(
    engine: Engine, policy: ShopPolicy
) -> None:
    with write_transaction(engine) as connection:
        put_clients(connection, policy, client_row("ann"))
        connection.execute(update(table).values(policy={"max_mails_per_week": 1}))
        night = put_clients(connection, policy, client_row("ann", preferred_hour=23))
        assert (list(night.changed), night.notes["hour_in_quiet_time"]) == (["ann"], 1)
        assert ann(connection).policy == ClientPolicy(max_mails_per_week=1, preferred_hour=23)
        day = put_clients(connection, policy, client_row("ann", preferred_hour=9))
        assert (list(day.changed), day.notes.get("hour_in_quiet_time")) == (["ann"], None)
        assert put_clients(connection, policy, client_row("ann", preferred_hour=9)).same == 1
        put_clients(connection, policy, client_row("ann", first_name="Ann"))
        assert ann(connection).policy.preferred_hour == 9, "a row that leaves it out keeps it"
