"""A cancelled step in a thread ends by its own code: no turn to write, lock or connection is kept for ever."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib import import_module
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import Engine
from temporalio.activity import _Definition as Definition
from temporalio.exceptions import CancelledError
from temporalio.testing import ActivityEnvironment

import activities
from activities.declaration import declare_activity
from activities.heartbeat import send_heartbeats
from store.database import connect, write_transaction
from store.sql.patience import Patience


def list_steps() -> Iterator[tuple[str, Definition]]:
    for module in pkgutil.walk_packages(activities.__path__, "activities."):
        for owner in vars(import_module(module.name)).values():
            if isinstance(owner, type) and owner.__module__ == module.name:
                found = [Definition.from_callable(step) for step in vars(owner).values() if callable(step)]
                yield from ((f"{owner.__name__}.{one.name}", one) for one in found if one)


def test_every_step_ends_by_its_own_code() -> None:
    steps = dict(list_steps())
    assert len(steps) > 30
    assert [name for name, one in steps.items() if not one.no_thread_cancel_exception] == []


def cancel_while_it_waits(step: Callable[..., Any], waiting: Event, go_on: Callable[[], None]) -> BaseException | None:
    """Cancel `step` once it waits, let it go on, and return what it raised."""
    environment, raised = ActivityEnvironment(), list[BaseException]()

    def run() -> None:
        try:
            environment.run(step)
        except BaseException as error:
            raised.append(error)

    thread = Thread(target=run)
    thread.start()
    assert waiting.wait(10)
    environment.cancel()
    go_on()
    thread.join(10)
    assert not thread.is_alive()
    return raised[0] if raised else None


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = connect(f"sqlite:///{tmp_path / 'one.db'}", Patience(pool_s=5, lock_s=5, statement_s=5))
    yield engine
    engine.dispose()


def test_a_step_cancelled_while_it_waits_for_its_turn_to_write_gives_it_back(engine: Engine) -> None:
    waiting = Event()

    @declare_activity()
    def write() -> None:
        waiting.set()
        with write_transaction(engine):
            pass

    with ExitStack() as another:
        another.enter_context(write_transaction(engine))
        assert cancel_while_it_waits(write, waiting, another.close) is None
    with write_transaction(engine):
        pass


def test_a_long_step_stops_where_it_reports_progress() -> None:
    waiting, cancelled, parts = Event(), Event(), list[int]()

    @declare_activity()
    def go_through() -> None:
        with send_heartbeats() as report_progress:
            for part in range(3):
                parts.append(part)
                waiting.set()
                cancelled.wait(10)
                report_progress(part)

    assert isinstance(cancel_while_it_waits(go_through, waiting, cancelled.set), CancelledError)
    assert parts == [0]
