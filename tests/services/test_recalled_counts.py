"""Counts for pages: exact while they are quick; a slow one is recalled, made anew aside, and never shown for ever."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from sqlalchemy import Connection, Engine

from services.recalled_counts import RecalledCounts
from store.database import connect


class Shop:
    """A count that takes as long as somebody says, by a clock that somebody moves."""

    def __init__(self) -> None:
        self.clients, self.takes, self.clock = 1, 0.0, 0.0
        self.counted = threading.Event()

    def count(self, _connection: Connection) -> Mapping[str, int]:
        self.clock += self.takes
        self.counted.set()
        return {"new": self.clients}


@pytest.fixture
def shop(monkeypatch: pytest.MonkeyPatch) -> Shop:
    made = Shop()
    monkeypatch.setattr("services.recalled_counts.time.monotonic", lambda: made.clock)
    return made


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = connect(f"sqlite:///{tmp_path / 'shop.db'}")
    yield made
    made.dispose()


def join_threads() -> None:
    for thread in threading.enumerate():
        if thread.name == "counts":
            thread.join(10)


def test_a_quick_count_is_made_anew_each_time(shop: Shop, engine: Engine) -> None:
    counts, count = RecalledCounts(engine), shop.count
    assert counts.read(count) == {"new": 1}
    shop.clients = 2
    assert counts.read(count) == {"new": 2}


def test_a_slow_count_is_recalled_and_made_anew_aside(shop: Shop, engine: Engine) -> None:
    counts, count, shop.takes = RecalledCounts(engine), shop.count, 0.5
    assert counts.read(count) == {"new": 1}
    shop.clients = 2
    shop.clock += 49
    assert counts.read(count) == {"new": 1}
    shop.clock += 2
    shop.counted.clear()
    assert counts.read(count) == {"new": 1}, "nobody waits for the next one"
    assert shop.counted.wait(10)
    join_threads()
    assert counts.read(count) == {"new": 2}


def test_a_count_that_is_far_too_old_is_not_shown(shop: Shop, engine: Engine) -> None:
    counts, count, shop.takes = RecalledCounts(engine), shop.count, 0.5
    counts.read(count)
    shop.clients = 3
    shop.clock += 501
    assert counts.read(count) == {"new": 3}
