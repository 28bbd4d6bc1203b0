"""Writers at the same time: nothing is counted twice, nothing is lost, nobody waits for ever. On both databases."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import timedelta

import pytest
from sqlalchemy import Engine, func, select

from models.events import Event
from services.clients import registration
from services.ingestion import intake
from store.database import read_transaction, write_transaction
from store.events import outbox
from store.mail.policy import ShopPolicy
from store.tables import clients as client_table
from store.tables import engagement
from store.tables import events as event_table
from tests.store.conftest import NOW, REAL
from tests.store.seeds import client_row, event, list_waiting, seed_clients

WRITERS = 4


def at_once(jobs: Sequence[Callable[[], None]]) -> None:
    """Run all at the same time; raises what any of them raised."""
    wrong: list[BaseException] = []
    gate = threading.Barrier(len(jobs))

    def run(job: Callable[[], None]) -> None:
        gate.wait(30)
        try:
            job()
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    if wrong:
        raise wrong[0]


def orders(writer: int, ids: Sequence[str]) -> list[Event]:
    """Every writer brings one order of each client, in an order of its own."""
    batch = [
        event(f"{client}-{writer}", "order_placed", client, NOW - timedelta(days=writer), value="10") for client in ids
    ]
    return batch if writer % 2 else batch[::-1]


def test_statistics_add_up_when_batches_of_the_same_clients_meet(engine: Engine, policy: ShopPolicy) -> None:
    ids = [f"c{i:02d}" for i in range(40)]
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, *ids)

    def job(writer: int) -> Callable[[], None]:
        def take() -> None:
            with write_transaction(engine) as connection:
                intake.accept_events(connection, orders(writer, ids), policy, NOW, REAL)

        return take

    at_once([job(writer) for writer in range(WRITERS)])
    with read_transaction(engine) as connection:
        rows = connection.execute(select(engagement)).all()
    half_life = policy.rules.half_life_days
    expected = sum(2 ** (-writer / half_life) for writer in range(WRITERS))
    assert {(row.orders, row.orders_value_cents) for row in rows} == {(WRITERS, WRITERS * 1000)}
    assert [row.frequency for row in rows] == pytest.approx([expected] * len(ids))


def test_the_same_batch_from_all_sides_counts_once(engine: Engine, policy: ShopPolicy) -> None:
    ids = [f"c{i:02d}" for i in range(40)]
    batch = orders(1, ids)
    accepted: list[str] = []
    duplicates: list[str] = []
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, *ids)

    def take() -> None:
        with write_transaction(engine) as connection:
            done = intake.accept_events(connection, batch, policy, NOW, REAL)
        accepted.extend(done.accepted)
        duplicates.extend(done.duplicates)

    at_once([take] * WRITERS)
    assert sorted(accepted) == sorted(event_in_batch.event_id for event_in_batch in batch)
    assert len(duplicates) == (WRITERS - 1) * len(batch)
    with read_transaction(engine) as connection:
        assert connection.scalar(select(func.sum(engagement.c.orders))) == len(ids)


def test_one_id_for_two_clients_is_one_event(engine: Engine, policy: ShopPolicy) -> None:
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, "ann", "bob")
    accepted: list[str] = []

    def job(client: str) -> Callable[[], None]:
        def take() -> None:
            batch = [event(f"same-{i}", "order_placed", client, NOW - timedelta(hours=i)) for i in range(50)]
            with write_transaction(engine) as connection:
                accepted.extend(intake.accept_events(connection, batch, policy, NOW, REAL).accepted)

        return take

    at_once([job("ann"), job("bob")])
    with read_transaction(engine) as connection:
        assert len(accepted) == connection.scalar(select(func.count()).select_from(event_table)) == 50
        assert connection.scalar(select(func.sum(engagement.c.orders))) == 50


def test_clients_made_by_many_at_once_are_made_once(engine: Engine, policy: ShopPolicy) -> None:
    ids = [f"c{i:02d}" for i in range(40)]

    def job(writer: int) -> Callable[[], None]:
        def put() -> None:
            rows = [client_row(client) for client in (ids if writer % 2 else ids[::-1])]
            with write_transaction(engine) as connection:
                registration.upsert_clients(connection, rows, policy, NOW, REAL)

        return put

    at_once([job(writer) for writer in range(WRITERS)])
    with read_transaction(engine) as connection:
        assert connection.scalar(select(func.count()).select_from(client_table)) == len(ids)
        assert list_waiting(connection) == ids


def test_every_push_is_followed_by_a_sending(engine: Engine) -> None:
    targets = [f"c{i}" for i in range(10)]
    pushed_at: dict[str, float] = {}
    sent_at: dict[str, float] = {}
    over = threading.Event()

    def push() -> None:
        for turn in range(60):
            both = [targets[turn % 10], targets[(turn + 3) % 10]]
            pushed_at.update(dict.fromkeys(both, time.monotonic()))
            with write_transaction(engine) as connection:
                outbox.push_nudges(connection, "client", both, REAL)
        over.set()

    def send() -> None:
        last = empty = False
        while not (last and empty):
            last = over.is_set()  # asked before the look, so that the last look comes after the last push
            with write_transaction(engine) as connection:
                leases = outbox.lease_nudges(connection, 4, REAL, 30)
            sent_at.update(dict.fromkeys((event_in_batch.target for event_in_batch in leases), time.monotonic()))
            with write_transaction(engine) as connection:
                outbox.settle_leases(connection, leases)
            empty = not leases

    at_once([push, send])
    assert set(sent_at) == set(targets)
    assert [target for target in targets if sent_at[target] < pushed_at[target]] == []
    with read_transaction(engine) as connection:
        assert outbox.count_pending(connection) == 0
