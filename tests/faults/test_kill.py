"""Killing the worker at any step loses no mail and sends none twice. Real server, real SMTP; seeds are printed."""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path

from sqlalchemy import select

from domain.outreach import SETTLED
from mail.faulty_sink import SmtpFault
from models.states import OutreachState
from store.database import read_transaction
from store.tables import outreach_steps
from tests.support.forks import ForkedWorkers
from tests.support.seeds import draw_seed
from tests.support.shop import Shop, a_shop
from tests.support.temporal import DevServer

CLIENTS = 50
KILLS = 10
PATIENCE_S = 300


def in_data(shop: Shop) -> int:
    return sum(row.state == OutreachState.DATA for row in shop.ledger())


def wait_until_settled(shop: Shop) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        rows = shop.ledger()
        if len(rows) == CLIENTS and all(row.state in SETTLED for row in rows):
            return
        time.sleep(0.5)
    raise AssertionError(f"not settled: {Counter(row.state for row in shop.ledger())}")


def test_ten_kills_over_fifty_mails_lose_nothing_and_send_nothing_twice(tmp_path: Path, dev_server: DevServer) -> None:
    seed = draw_seed()
    chance = random.Random(seed)
    shop = a_shop(
        tmp_path / "home",
        temporal_address=dev_server.address,
        quiet_from_hour=0,
        quiet_until_hour=0,
        smtp_timeout_s=1.0,
        starts_per_second=8.0,
    )
    shop.sink.faults.always = SmtpFault("text", delay_s=0.15)  # so that kills find mails in DATA
    worker = ForkedWorkers(shop.settings, tmp_path)
    in_flight = 0
    try:
        worker.start().wait_until_up()
        shop.sign_up("kill", CLIENTS)
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.2, 1.2))
            worker.kill()
            in_flight += in_data(shop)
            worker.start().wait_until_up()
        wait_until_settled(shop)
        assert not faults_of(shop, in_flight)
    finally:
        worker.stop()
        shop.sink.stop()
        shop.engine.dispose()


def faults_of(shop: Shop, in_flight: int) -> list[str]:
    """What is wrong between the ledger and the sink, by Message-ID."""
    rows = shop.ledger()
    arrived = Counter(mail.headers["Message-ID"] for mail in shop.mails())
    print(f"{Counter(row.state for row in rows)}, in flight at the kills: {in_flight}")
    sent = {row.message_id for row in rows if row.state == OutreachState.SENT}
    unknown = {row.message_id for row in rows if row.state == OutreachState.UNKNOWN}
    with read_transaction(shop.engine) as connection:
        steps = connection.execute(select(outreach_steps).where(outreach_steps.c.state == OutreachState.DATA))
        reached = {(row.client_id, row.n) for row in steps}
    rules = {
        "a client has no mail": {row.client_id for row in rows} == {f"kill{k}" for k in range(CLIENTS)},
        "a client has two welcomes": len(rows) == CLIENTS,
        "sent twice": max(arrived.values()) == 1,
        "lost: the ledger says sent, the sink has nothing": sent <= set(arrived),
        "sent without the ledger's knowing": set(arrived) <= sent | unknown,
        "neither sent nor unknown": len(sent) + len(unknown) == CLIENTS,
        "more unknown than were in flight at the kills": len(unknown) <= in_flight,
        "unknown without having reached DATA": {
            (row.client_id, row.n) for row in rows if row.state == OutreachState.UNKNOWN
        }
        <= reached,
    }
    return [wrong for wrong, holds in rules.items() if not holds]
