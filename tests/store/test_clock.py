"""The stored clock: resumes where it stood, whether stopped or killed, and never goes backwards."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Connection

from models.base import utc
from models.clock import Clock
from store import clock as store_clock
from store.database import connect, write_transaction
from tests.support.tables import create_tables

REAL = utc(2026, 11, 21, 13)
BUSINESS = utc(2026, 11, 21, 7)
DAY_IN_FIVE_SECONDS = 86_400 / 5


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[Connection]:
    engine = connect(f"sqlite:///{tmp_path / 'clock.db'}")
    create_tables(engine)
    with write_transaction(engine) as opened:
        yield opened
    engine.dispose()


def test_without_a_row_business_time_is_real_time(connection: Connection) -> None:
    assert store_clock.load_clock(connection) == Clock()
    assert store_clock.load_clock(connection).business(REAL) == REAL
    store_clock.stop(connection, REAL)
    assert store_clock.beat(connection, REAL) == Clock()


def test_a_started_clock_runs_at_its_pace(connection: Connection) -> None:
    store_clock.start(connection, REAL, DAY_IN_FIVE_SECONDS, BUSINESS)
    assert store_clock.load_clock(connection).business(REAL + timedelta(seconds=10)) == BUSINESS + timedelta(days=2)


def test_a_stopped_clock_stands_and_goes_on_there_at_a_new_pace(connection: Connection) -> None:
    store_clock.start(connection, REAL, DAY_IN_FIVE_SECONDS, BUSINESS)
    store_clock.stop(connection, REAL + timedelta(seconds=5))
    stopped = store_clock.load_clock(connection)
    assert stopped.business(REAL + timedelta(hours=9)) == BUSINESS + timedelta(days=1)
    assert stopped.real_wait(BUSINESS + timedelta(days=3), BUSINESS) >= timedelta(seconds=1)

    later = REAL + timedelta(hours=9)
    again = store_clock.start(connection, later, 86_400 / 4, utc(2030))
    assert again.business(later) == BUSINESS + timedelta(days=1)
    assert again.business(later + timedelta(seconds=4)) == BUSINESS + timedelta(days=2)


def test_a_killed_clock_stands_just_past_its_last_beat(connection: Connection) -> None:
    store_clock.start(connection, REAL, DAY_IN_FIVE_SECONDS, BUSINESS)
    store_clock.beat(connection, REAL + timedelta(seconds=8))
    killed = BUSINESS + timedelta(days=2)
    much_later = REAL + timedelta(hours=3)
    assert store_clock.load_clock(connection, much_later).business(much_later) == killed
    assert store_clock.start(connection, much_later, DAY_IN_FIVE_SECONDS, BUSINESS).business(much_later) == killed


def test_time_never_goes_back_when_a_keeper_is_killed_and_restarted_at_once(connection: Connection) -> None:
    store_clock.start(connection, REAL, DAY_IN_FIVE_SECONDS, BUSINESS)
    store_clock.beat(connection, REAL + timedelta(seconds=3))
    shortly = REAL + timedelta(seconds=4.5)
    before = store_clock.load_clock(connection, shortly).business(shortly)
    assert store_clock.start(connection, shortly, DAY_IN_FIVE_SECONDS, BUSINESS).business(shortly) >= before


def test_a_machine_that_slept_loses_no_business_time(connection: Connection) -> None:
    store_clock.start(connection, REAL, DAY_IN_FIVE_SECONDS, BUSINESS)
    store_clock.beat(connection, REAL + timedelta(seconds=8))
    woken = REAL + timedelta(hours=8)
    store_clock.beat(connection, woken)
    assert store_clock.load_clock(connection, woken).business(woken) == BUSINESS + timedelta(days=2)
    assert store_clock.load_clock(connection, woken).pace == DAY_IN_FIVE_SECONDS
