"""Orders of a campaign's clients, against the same counted by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from sqlalchemy import Connection, Engine, insert

from domain.campaign_lift import Terms as Comparing
from store.campaigns import lift
from store.database import write_transaction
from store.events import events
from store.mail.policy import Terms
from store.tables import enrolments
from tests.store.conftest import NOW, REAL
from tests.store.seeds import event, seed_clients, seed_items

SPRING = Comparing("spring", 0.1, 14)


def enrolled(connection: Connection, client_id: str, arm: str, at: datetime, entry: str = "1") -> None:
    row = {"campaign": "spring", "client_id": client_id, "entry": entry, "state": "done", "code": ""}
    connection.execute(insert(enrolments).values(**row, arm=arm, enrolled_at=at, at=NOW))


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def test_orders_count_from_enrolment_to_the_window_s_end_a_day_once(engine: Engine, terms: Terms) -> None:
    moments = {
        "ann": (121, 89, 35, 25, 24.9, 20, 15.9),  # enrolled 30 days ago
        "bob": (31, 15),  # the window's end is left out, so is what came after
        "eve": (29,),
        "non": (29,),
    }
    with write_transaction(engine) as connection:
        seed_clients(connection, terms, *moments, "gus")
        seed_items(connection, terms, "coat")
        for client_id, days in moments.items():
            sold = [
                event(f"{client_id}-{d}", "order_placed", client_id, ago(d), item_id="coat", value="10.50")
                for d in days
            ]
            assert not events.accept(connection, sold, terms, NOW, REAL).refused
        enrolled(connection, "ann", "treated", ago(30))
        enrolled(connection, "bob", "control", ago(29))
        enrolled(connection, "eve", "treated", ago(5), entry="2")
        enrolled(connection, "eve", "treated", ago(30.5), entry="1")
        enrolled(connection, "gus", "control", ago(1))
        enrolled(connection, "non", "", ago(30))
        found = lift.of_campaign(connection, SPRING, NOW)
    assert found.control.tolist() == [False, False, True, True]  # eve, ann, bob, gus
    assert found.orders.tolist() == [1.0, 2.0, 0.0, 0.0]
    assert found.cents.tolist() == [1_050.0, 3_150.0, 0.0, 0.0]
    assert found.before_cents.tolist() == [0.0, 2_100.0, 1_050.0, 0.0]
    assert found.ordered_before.tolist() == [False, True, True, False]
    assert found.at.tolist() == [ago(d).timestamp() for d in (30.5, 30, 29, 1)]


def test_what_is_read_is_what_a_plain_count_gives(engine: Engine, terms: Terms) -> None:
    rng = Random(7)
    who = [f"c{n:02}" for n in range(40)]
    at = {client: ago(rng.uniform(0, 60)) for client in who}
    bought = [(rng.choice(who), ago(rng.uniform(0, 180)), rng.randint(100, 9_000)) for _ in range(600)]
    with write_transaction(engine) as connection:
        seed_clients(connection, terms, *who)
        seed_items(connection, terms, "coat")
        sold = [
            event(f"o{k}", "order_placed", client, when, item_id="coat", value=f"{cents / 100:.2f}")
            for k, (client, when, cents) in enumerate(bought)
        ]
        events.accept(connection, sold, terms, NOW, REAL)
        for k, client in enumerate(who):
            enrolled(connection, client, "control" if k % 4 == 0 else "treated", at[client])
        found = lift.of_campaign(connection, SPRING, NOW)
    for k, client in enumerate(sorted(who, key=lambda one: at[one])):
        mine = [(when - at[client], when, cents) for one, when, cents in bought if one == client]
        after = [(when, cents) for since, when, cents in mine if timedelta() <= since < timedelta(days=14)]
        before = [(since, cents) for since, _, cents in mine if timedelta(days=-90) <= since < timedelta()]
        assert found.orders[k] == len({when.date() for when, _ in after})
        assert found.cents[k] == sum(cents for _, cents in after)
        assert found.before_cents[k] == sum(cents for _, cents in before)
        assert found.ordered_before[k] == any(since >= timedelta(days=-14) for since, _ in before)


def test_a_campaign_without_clients_is_empty(engine: Engine) -> None:
    with write_transaction(engine) as connection:
        assert len(lift.of_campaign(connection, SPRING, NOW).at) == 0
