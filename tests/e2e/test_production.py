"""The stack that a shop runs, in short: Temporal's server and the shop's tables on one PostgreSQL. The whole suite runs
on it by `make test-production`."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from models.states import OutreachState
from scripts.production_server import find
from settings import find_user_cache
from tests.support.forks import fork_workers
from tests.support.postgres import Cluster
from tests.support.production import ProductionServer, new_database, new_server
from tests.support.shop import Shop, a_shop


@pytest.fixture
def server(tmp_path: Path, postgres: Cluster) -> Iterator[ProductionServer]:
    """A server of its own. Building one takes minutes of both cores, more than this test is worth (decision 64)."""
    if find(find_user_cache()) is None:
        pytest.skip("Temporal's server is not in the cache: python -m scripts.production_server")
    (tmp_path / "temporal").mkdir()
    made = new_server(tmp_path / "temporal", postgres)
    made.start()
    try:
        yield made
    finally:
        made.stop()


@pytest.fixture
def shop(tmp_path: Path, server: ProductionServer) -> Iterator[Shop]:
    made = a_shop(
        tmp_path / "home",
        temporal_address=server.address,
        database_url=new_database(),
        quiet_from_hour=0,
        quiet_until_hour=0,
    )
    try:
        yield made
    finally:
        made.sink.stop()
        made.engine.dispose()


def wait_for_mails(shop: Shop, count: int) -> None:
    """Until so many are sent by the ledger."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        if sum(row.state == OutreachState.SENT for row in shop.ledger()) == count:
            return
        time.sleep(0.1)
    raise AssertionError(Counter(row.state for row in shop.ledger()))


def test_mail_arrives_and_a_killed_server_loses_none(shop: Shop, server: ProductionServer, tmp_path: Path) -> None:
    with fork_workers(shop.settings, tmp_path) as worker:
        worker.start().wait_until_up()
        shop.sign_up("first", 1)
        wait_for_mails(shop, 1)
        shop.sign_up("later", 9)
        time.sleep(0.3)  # some have begun
        server.kill()
        server.start()
        wait_for_mails(shop, 10)
    arrived = Counter(mail.headers["Message-ID"] for mail in shop.mails())
    assert arrived == dict.fromkeys((row.message_id for row in shop.ledger()), 1)
