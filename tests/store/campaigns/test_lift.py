"""Orders of a campaign's clients, against the same counted by hand."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from sqlalchemy import Connection, Engine, insert

from domain.campaign_lift import HoldoutPolicy as Comparing
from domain.holdouts import build_re_engagement_slug
from services.ingestion import intake
from store.campaigns import lift
from store.database import write_transaction
from store.mail.policy import ShopPolicy
from store.tables import enrolments
from tests.store.conftest import NOW, REAL
from tests.store.seeds import event, seed_clients, seed_items

SPRING = Comparing("spring", 0.1, 14)


def enrol_clients(
    connection: Connection, client_id: str, arm: str, at: datetime, entry: str = "1", campaign: str = "spring"
) -> None:
    row = {"campaign": campaign, "client_id": client_id, "entry": entry, "state": "done", "code": ""}
    connection.execute(insert(enrolments).values(**row, arm=arm, enrolled_at=at, at=NOW))


def ago(days: float) -> datetime:
    return NOW - timedelta(days=days)


def test_orders_count_from_enrolment_to_the_window_s_end_a_day_once(engine: Engine, policy: ShopPolicy) -> None:
    moments = {
        "ann": (121, 89, 35, 25, 24.9, 20, 15.9),  # enrolled 30 days ago
        "bob": (31, 15),  # the window's end is left out, so is what came after
        "eve": (29,),
        "non": (29,),
    }
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, *moments, "gus")
        seed_items(connection, policy, "coat")
        for client_id, days in moments.items():
            sold = [
                event(f"{client_id}-{d}", "order_placed", client_id, ago(d), item_id="coat", value="10.50")
                for d in days
            ]
            assert not intake.accept_events(connection, sold, policy, NOW, REAL).refused
        enrol_clients(connection, "ann", "treated", ago(30))
        enrol_clients(connection, "bob", "control", ago(29))
        enrol_clients(connection, "eve", "treated", ago(5), entry="2")
        enrol_clients(connection, "eve", "treated", ago(30.5), entry="1")
        enrol_clients(connection, "gus", "control", ago(1))
        enrol_clients(connection, "non", "", ago(30))
        outcomes = lift.load_outcomes(connection, SPRING, NOW)
    assert outcomes.control.tolist() == [False, False, True, True]  # eve, ann, bob, gus
    assert outcomes.orders.tolist() == [1.0, 2.0, 0.0, 0.0]
    assert outcomes.cents.tolist() == [1_050.0, 3_150.0, 0.0, 0.0]
    assert outcomes.before_cents.tolist() == [0.0, 2_100.0, 1_050.0, 0.0]
    assert outcomes.ordered_before.tolist() == [False, True, True, False]
    assert outcomes.at.tolist() == [ago(d).timestamp() for d in (30.5, 30, 29, 1)]


def test_what_is_read_is_what_a_plain_count_gives(engine: Engine, policy: ShopPolicy) -> None:
    rng = Random(7)
    who = [f"c{n:02}" for n in range(40)]
    at = {client: ago(rng.uniform(0, 60)) for client in who}
    bought = [(rng.choice(who), ago(rng.uniform(0, 180)), rng.randint(100, 9_000)) for _ in range(600)]
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, *who)
        seed_items(connection, policy, "coat")
        sold = [
            event(f"o{k}", "order_placed", client, when, item_id="coat", value=f"{cents / 100:.2f}")
            for k, (client, when, cents) in enumerate(bought)
        ]
        intake.accept_events(connection, sold, policy, NOW, REAL)
        for k, client in enumerate(who):
            enrol_clients(connection, client, "control" if k % 4 == 0 else "treated", at[client])
        outcomes = lift.load_outcomes(connection, SPRING, NOW)
    for k, client in enumerate(sorted(who, key=lambda one: at[one])):
        own_orders = [(when - at[client], when, cents) for who, when, cents in bought if who == client]
        after = [(when, cents) for since, when, cents in own_orders if timedelta() <= since < timedelta(days=14)]
        before = [(since, cents) for since, _, cents in own_orders if timedelta(days=-90) <= since < timedelta()]
        assert outcomes.orders[k] == len({when.date() for when, _ in after})
        assert outcomes.cents[k] == sum(cents for _, cents in after)
        assert outcomes.before_cents[k] == sum(cents for _, cents in before)
        assert outcomes.ordered_before[k] == any(since >= timedelta(days=-14) for since, _ in before)


def test_a_campaign_without_clients_is_empty(engine: Engine) -> None:
    with write_transaction(engine) as connection:
        assert len(lift.load_outcomes(connection, SPRING, NOW).at) == 0


def test_re_engagement_is_measured_for_one_share_at_a_time(engine: Engine, policy: ShopPolicy) -> None:
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, "ann", "bob", "eve")
        for client, arm, share in (("ann", "treated", 0.1), ("bob", "control", 0.1), ("eve", "control", 0.25)):
            enrol_clients(connection, client, arm, ago(40), campaign=build_re_engagement_slug(share))
        lifts = [lift.compute_re_engagement_lift(connection, share, NOW) for share in (0.1, 0.25, 0.5)]
    assert [(one.treated.clients, one.control.clients) for one in lifts] == [(1, 1), (0, 1), (0, 0)]
