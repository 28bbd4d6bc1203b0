"""Calls: one a trigger, one open a client, never more a day than the shop makes, whoever races."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.exc import IntegrityError

from models.calls import CallState
from models.states import TouchKind
from store.clients import calls
from store.database import read_transaction, write_transaction
from store.tables import calls as calls_table
from tests.store.conftest import NOW

DAY = "2026-06-01"


def begin_call(engine: Engine, client_id: str, key: str = "missed:1", most: int = 10, day: str = DAY) -> bool:
    with write_transaction(engine) as connection:
        opened = calls.open_call(
            connection, client_id, key, TouchKind.MISSED, assessment_id="a", day=day, most=most, now=NOW,
            until=NOW + timedelta(days=3),
        )  # fmt: skip
        return opened is not None


def call_id(engine: Engine, client_id: str) -> str:
    with read_transaction(engine) as connection:
        return str(connection.scalar(select(calls_table.c.call_id).where(calls_table.c.client_id == client_id)))


def test_a_day_has_so_many_calls_and_the_next_as_many_again(engine: Engine) -> None:
    assert [begin_call(engine, f"c{k}", most=2) for k in range(4)] == [True, True, False, False]
    assert begin_call(engine, "c2", most=2, day="2026-06-02")
    with read_transaction(engine) as connection:
        assert (calls.count_used(connection, DAY), calls.count_used(connection, "2026-06-03")) == (2, 0)


def test_a_call_that_ended_still_counts_for_its_day(engine: Engine) -> None:
    begin_call(engine, "c0", most=1)
    with write_transaction(engine) as connection:
        calls.end_call(connection, call_id(engine, "c0"), CallState.DROPPED, "came_back", NOW)
    assert not begin_call(engine, "c1", most=1)


def test_twenty_who_race_for_seven_calls_get_seven(engine: Engine) -> None:
    with ThreadPoolExecutor(10) as pool:
        got = list(pool.map(lambda k: begin_call(engine, f"c{k}", most=7), range(20)))
    assert sum(got) == 7
    with read_transaction(engine) as connection:
        assert sorted(connection.scalars(select(calls_table.c.place))) == list(range(1, 8))


def test_a_client_has_one_open_call_at_most(engine: Engine) -> None:
    begin_call(engine, "c0")
    with pytest.raises(IntegrityError):
        begin_call(engine, "c0", "new_in:1")
    with write_transaction(engine) as connection:
        assert calls.end_call(connection, call_id(engine, "c0"), CallState.DROPPED, "came_back", NOW)
    assert begin_call(engine, "c0", "new_in:1")


def test_the_list_begins_with_the_longest_open(engine: Engine) -> None:
    for k in range(3):
        begin_call(engine, f"c{k}")
    with write_transaction(engine) as connection:
        calls.end_call(connection, call_id(engine, "c1"), CallState.DONE, "no_answer", NOW)
    with read_transaction(engine) as connection:
        assert [row.client_id for row in calls.list_calls(connection, "open")] == ["c0", "c2"]
        assert calls.count_by_state(connection) == {"open": 2, "done": 1}
        [only] = calls.list_calls(connection, "done")
        assert calls.parse_call(only).outcome == "no_answer"
