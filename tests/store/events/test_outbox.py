"""No nudge is lost, none is sent for ever, and no two dispatchers hold the same one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from store.database import read_transaction, write_transaction
from store.events import outbox
from store.events.outbox import LONGEST_WAIT, Lane, NudgeLease, choose_by_lane
from tests.store.conftest import REAL
from tests.store.seeds import list_waiting

LATER = REAL + timedelta(seconds=60)


def push(engine: Engine, *targets: str) -> None:
    with write_transaction(engine) as connection:
        outbox.push_nudges(connection, "client", targets, REAL)


def lease(engine: Engine, at_s: float = 0.0, limit: int = 10, seconds: float = 30.0) -> list[NudgeLease]:
    with write_transaction(engine) as connection:
        return outbox.lease_nudges(connection, limit, REAL + timedelta(seconds=at_s), seconds)


def settle(engine: Engine, leased: list[NudgeLease]) -> None:
    with write_transaction(engine) as connection:
        outbox.settle_leases(connection, leased)


def test_changes_of_one_target_are_one_nudge(engine: Engine) -> None:
    push(engine, "ann", "bob", "ann")
    push(engine, "ann")
    with write_transaction(engine) as connection:
        outbox.push_nudges(connection, "campaign", ["ann"], REAL)
        outbox.push_nudges(connection, "client", [], REAL)
        assert outbox.count_pending(connection) == 3
    assert {(nudge.kind, nudge.target, nudge.version) for nudge in lease(engine)} == {
        ("client", "ann", 2),
        ("client", "bob", 1),
        ("campaign", "ann", 1),
    }


def test_what_is_leased_is_nobody_elses_until_the_lease_ends(engine: Engine) -> None:
    push(engine, "ann")
    assert [nudge.target for nudge in lease(engine)] == ["ann"]
    assert lease(engine, at_s=29) == []
    assert [nudge.target for nudge in lease(engine, at_s=30)] == ["ann"]


def test_the_longest_due_come_first_and_no_more_than_asked(engine: Engine) -> None:
    push(engine, "b", "a", "c")
    assert [nudge.target for nudge in lease(engine, limit=2)] == ["a", "b"]
    assert [nudge.target for nudge in lease(engine, limit=2)] == ["c"]


def test_what_was_sent_is_gone(engine: Engine) -> None:
    push(engine, "ann")
    settle(engine, lease(engine))
    assert lease(engine, at_s=100) == []


def test_a_change_during_the_sending_is_sent_again_at_once(engine: Engine) -> None:
    push(engine, "ann")
    leased_rows = lease(engine)
    push(engine, "ann")
    settle(engine, leased_rows)
    assert [(nudge.target, nudge.version) for nudge in lease(engine, at_s=1)] == [("ann", 2)]


def test_an_overtaken_attempt_settles_nothing(engine: Engine) -> None:
    push(engine, "ann")
    late = lease(engine, seconds=5)
    current = lease(engine, at_s=6)
    settle(engine, late)
    with write_transaction(engine) as connection:
        outbox.retry_leases(connection, late, LATER)
    assert lease(engine, at_s=7) == [], "the second attempt still holds it"
    settle(engine, current)
    push(engine, "ann")
    settle(engine, late)
    with read_transaction(engine) as connection:
        assert list_waiting(connection) == ["ann"]


def test_failures_wait_longer_each_time_with_a_limit(engine: Engine) -> None:
    push(engine, "ann")
    now, waits = REAL, []
    for _ in range(12):
        with write_transaction(engine) as connection:
            (nudge,) = outbox.lease_nudges(connection, 1, now, 30)
            outbox.retry_leases(connection, [nudge], now)
        due = now
        while True:
            with write_transaction(engine) as connection:
                nudges = outbox.lease_nudges(connection, 1, due, 0)
            if nudges:
                break
            due += timedelta(seconds=1)
        waits.append((due - now).total_seconds())
        now = due
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]
    assert timedelta(seconds=300) == LONGEST_WAIT


def test_two_dispatchers_share_the_rows(engine: Engine) -> None:
    push(engine, *(f"c{i:03d}" for i in range(200)))
    nudges: list[str] = []

    def drain() -> None:
        while rows := lease(engine, limit=7):
            nudges.extend(row.target for row in rows)

    threads = [threading.Thread(target=drain) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(nudges) == [f"c{i:03d}" for i in range(200)]


def test_held_nudges_wait_for_the_go_and_only_clients_are_counted(engine: Engine) -> None:
    with write_transaction(engine) as connection:
        outbox.push_nudges(connection, "client", ["ann"], REAL, held=True)
        outbox.push_nudges(connection, "fix", ["f1"], REAL, held=True)
        outbox.push_nudges(connection, "client", ["bob"], REAL)
        assert outbox.count_held_clients(connection) == 1
        assert [lease.target for lease in outbox.lease_nudges(connection, 9, REAL, 30)] == ["bob"]
        assert outbox.release_held(connection, REAL) == 2
        assert {lease.target for lease in outbox.lease_nudges(connection, 9, REAL, 30)} == {"ann", "f1"}


def test_what_steers_and_what_is_fresh_go_before_what_comes_in_bulk_and_each_lane_has_its_share(engine: Engine) -> None:
    push(engine, *(f"many{k:03}" for k in range(100)))
    push(engine, "ann")
    with write_transaction(engine) as connection:
        outbox.push_nudges(connection, "erasure", ["bob"], REAL + timedelta(seconds=1))
    first = [nudge.target for nudge in lease(engine, at_s=1, limit=5)]
    assert first[:2] == ["bob", "ann"]
    assert len(first) == 5
    for k in range(30):
        push(engine, f"fresh{k}")
    targets = [nudge.target for nudge in lease(engine, at_s=1, limit=10)]
    assert sum(target.startswith("many") for target in targets) == 2, "bulk has its share"


def test_a_client_of_an_import_to_whom_something_happens_is_fresh(engine: Engine) -> None:
    push(engine, *(f"many{k:03}" for k in range(100)))
    push(engine, "many099")
    assert lease(engine, limit=1)[0].target == "many099"
    settle(engine, lease(engine, at_s=40, limit=1))


@pytest.mark.parametrize("limit", [1, 2, 3, 10, 200])
def test_a_batch_is_filled_and_no_more(limit: int) -> None:
    waiting = {lane: list(range(1_000 * lane, 1_000 * lane + 500)) for lane in Lane}
    assert len(choose_by_lane(waiting, limit)) == limit
    only_bulk = {**waiting, Lane.STEERING: [], Lane.FRESH: []}
    assert choose_by_lane(only_bulk, limit) == only_bulk[Lane.BULK][:limit]


@pytest.mark.parametrize("settle_or_retry", ["settle", "retry"])
def test_a_push_and_a_settling_of_the_same_rows_do_not_lock_each_other_out(
    engine: Engine, settle_or_retry: str
) -> None:
    push(engine, "zoe")
    push(engine, "Ann")  # leased after zoe, and pushed before her
    leased = lease(engine)
    assert [nudge.target for nudge in leased] == ["zoe", "Ann"]

    def end_leases() -> None:
        with write_transaction(engine) as connection:
            if settle_or_retry == "settle":
                outbox.settle_leases(connection, leased)
            else:
                outbox.retry_leases(connection, leased, REAL)

    wrong: list[BaseException] = []
    other = threading.Thread(target=lambda: wrong.extend(_catch(end_leases)))
    with write_transaction(engine) as connection:
        outbox.push_nudges(connection, "client", ["Ann"], REAL)
        other.start()
        other.join(0.3)  # it waits for Ann's row
        outbox.push_nudges(connection, "client", ["zoe"], REAL)
    other.join(30)
    assert wrong == []
    assert {nudge.target: nudge.version for nudge in lease(engine, at_s=5)} == {"zoe": 2, "Ann": 2}


def _catch(act: Callable[[], None]) -> Iterator[BaseException]:
    try:
        act()
    except BaseException as fault:
        yield fault
