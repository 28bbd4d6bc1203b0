"""Fixtures for every room, and the mark `slow` for tests that use a server."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

from tests.support import production
from tests.support.kafka import kafka
from tests.support.postfix import postfix
from tests.support.postgres import postgres, postgres_tables_url, postgres_url, stop_shared_cluster
from tests.support.seeds import set_seed
from tests.support.shop import shop
from tests.support.temporal import dev_server, time_skipping

__all__ = ["dev_server", "kafka", "postfix", "postgres", "postgres_tables_url", "postgres_url", "shop", "time_skipping"]

# The machine may be busy with other work: how long one example takes says nothing about the code.
settings.register_profile("house", deadline=None)
settings.load_profile("house")
# Nobody is held out of mail unless a test says so: which client is depends on the id.
os.environ.setdefault("SELVEDGE_HOLDOUT_SHARE", "0")
# Servers in Java live for seconds here: compiling their code well costs more than it saves.
os.environ.setdefault("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1")
# A process beside each web process costs two seconds at its start.
os.environ.setdefault("SELVEDGE_WEB_HELPER", "false")

SLOW_FIXTURES = {"dev_server", "kafka", "postfix", "postgres", "time_skipping"}
SLOW_ROOMS = {"browser", "e2e", "faults"}


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let the whole processes of a run stand on another stack, and faults fall as they fell before."""
    parser.addoption("--seed", type=int, help="the seed of tests of faults, which print theirs")
    parser.addoption("--production", action="store_true", help="Temporal's server and the shop on PostgreSQL")


def pytest_sessionfinish() -> None:
    """What tests shared goes last."""
    stop_shared_cluster()


def pytest_configure(config: pytest.Config) -> None:
    """Nothing that a test calls may end the run itself: after `os._exit(0)` half a run looks like a good one."""
    production.choose(config.getoption("--production"))
    set_seed(config.getoption("--seed"))
    run, end = os.getpid(), os._exit

    def refuse_exit(status: int) -> Any:
        if os.getpid() == run:
            raise AssertionError(f"os._exit({status}) inside the test run")
        end(status)

    os._exit = refuse_exit


@pytest.fixture(autouse=True)
def _keep_umask() -> Iterator[None]:
    """Files of the next test are as open as before: a command called inside a test keeps its own to its account."""
    before = os.umask(0o022)
    os.umask(before)
    yield
    os.umask(before)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what `make test-fast` leaves out."""
    for item in items:
        fixtures = set(getattr(item, "fixturenames", ()))
        if fixtures & SLOW_FIXTURES or SLOW_ROOMS & set(item.path.parts):
            item.add_marker(pytest.mark.slow)
