"""What the worker leans on goes away and comes back: Temporal by kill -9, the mail server, both at once. Every client
gets the one mail."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.outreach import SETTLED
from mail.faulty_sink import SmtpFault
from models.states import OutreachState
from tests.support.shop import Shop, a_shop
from tests.support.temporal import new_dev_server
from tests.support.worker import WorkerProcess

CLIENTS = 30


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """Its address of Temporal is set by the test."""
    new_shop = a_shop(
        tmp_path / "home", quiet_from_hour=0, quiet_until_hour=0, starts_per_second=8.0, smtp_timeout_s=1.0
    )
    new_shop.sink.faults.always = SmtpFault("text", delay_s=0.1)
    try:
        yield new_shop
    finally:
        new_shop.sink.stop()
        new_shop.engine.dispose()


def test_temporal_and_the_mail_server_go_and_come_back_and_every_client_gets_the_one_mail(
    shop: Shop, tmp_path: Path
) -> None:
    (tmp_path / "server").mkdir()
    server = new_dev_server(tmp_path / "server")
    server.start()
    worker = WorkerProcess(shop.settings.model_copy(update={"temporal_address": server.address}), tmp_path)
    try:
        worker.start().wait_until_up()
        for k in range(CLIENTS):
            shop.client(f"out{k}")
        time.sleep(1.5)
        server.kill()
        time.sleep(1.5)  # nudges and answers of activities find nobody
        server.start()
        time.sleep(1.0)
        shop.sink.stop()
        time.sleep(1.5)
        server.kill()
        shop.sink.start()
        server.start()
        until = time.monotonic() + 300
        while time.monotonic() < until:
            rows = shop.ledger()
            if len(rows) == CLIENTS and all(row.state in SETTLED for row in rows):
                break
            time.sleep(0.5)
        states = Counter(row.state for row in shop.ledger())
        arrived = Counter(mail.message_id for mail in shop.mails())
        print(states, len(arrived))
        assert max(arrived.values()) == 1, "nothing twice"
        sent = {row.message_id for row in shop.ledger() if row.state == OutreachState.SENT}
        assert sent <= set(arrived), "nothing lost"
        # Whoever was with the mail server as it went may be unknown; the worker itself never died.
        assert states[OutreachState.SENT] + states[OutreachState.UNKNOWN] == CLIENTS
        assert states[OutreachState.UNKNOWN] <= 16
        assert worker.process is not None
        assert worker.process.poll() is None, "the worker outlives its servers"
    finally:
        worker.stop()
        server.stop()
