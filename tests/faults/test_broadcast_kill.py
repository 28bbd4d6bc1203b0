"""Killing the worker while a broadcast goes out mails nobody twice and loses nobody; after a pause no DATA begins. Real
server, real SMTP; seeds are printed."""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bench.campaigns import fill
from domain.outreach import SETTLED
from mail.faulty_sink import SmtpFault
from models.actors import SYSTEM
from models.campaign import CampaignCommand
from models.states import OutreachState
from services.campaigns.steering import steer_campaign
from tests.support.forks import fork_workers
from tests.support.seeds import draw_seed
from tests.support.shop import Shop, a_shop
from tests.support.temporal import DevServer

CLIENTS = 120
KILLS = 2
PATIENCE_S = 60
POSTGRES_SHARE = float(os.environ.get("SELVEDGE_TEST_POSTGRES_SHARE", "0.5"))


@pytest.fixture
def shop(tmp_path: Path, dev_server: DevServer, request: pytest.FixtureRequest) -> Iterator[Shop]:
    """A shop whose mail server takes a moment for each mail, so that kills find mails in DATA; on either database, as
    the day has it."""
    url = request.getfixturevalue("postgres_tables_url") if random.random() < POSTGRES_SHARE else ""
    print("on PostgreSQL" if url else "on SQLite")
    given: dict[str, Any] = {
        "quiet_from_hour": 0,
        "quiet_until_hour": 0,
        "smtp_timeout_s": 1.0,
        "starts_per_second": 40.0,
        "database_url": url,
    }
    shop = a_shop(tmp_path / "home", temporal_address=dev_server.address, **given)
    shop.sink.faults.always = SmtpFault("text", delay_s=0.1)
    yield shop
    shop.sink.stop()
    shop.engine.dispose()


def begin(shop: Shop, slug: str, count: int) -> None:
    """A campaign that lets everybody in at once."""
    fill(shop, count, slug)
    shop.campaign(slug, datetime.now(UTC), throughput_per_minute=100_000, audience={"tags": [slug]})


def wait_for(shop: Shop, what: str, holds: object) -> None:
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        if holds():  # type: ignore[operator]
            return
        time.sleep(0.05)
    raise AssertionError(f"not {what}: {Counter((row.state, row.code) for row in shop.ledger())}")


def test_kills_during_a_broadcast_mail_nobody_twice_and_lose_nobody(shop: Shop, tmp_path: Path) -> None:
    seed = draw_seed()
    chance, slug, in_flight = random.Random(seed), f"b{seed}", 0
    with fork_workers(shop.settings, tmp_path) as worker:
        worker.start().wait_until_up()
        begin(shop, slug, CLIENTS)
        for kill in range(KILLS):
            least = 1 + kill * CLIENTS // 5
            wait_for(shop, "begun", lambda least=least: shop.sink.faults.step_counts["data"] >= least)
            time.sleep(chance.uniform(0.0, 0.3))
            worker.kill()
            in_flight += sum(row.state == OutreachState.DATA for row in shop.ledger())
            worker.start().wait_until_up()
        wait_for(shop, "settled", lambda: is_settled(shop))
        rows, arrived = shop.ledger(), Counter(mail.headers["Message-ID"] for mail in shop.mails())
    print(f"{Counter(row.state for row in rows)}, in flight at the kills: {in_flight}")
    sent = {row.message_id for row in rows if row.state == OutreachState.SENT}
    unknown = {row.message_id for row in rows if row.state == OutreachState.UNKNOWN}
    assert {row.client_id for row in rows} == {f"{slug}{k}" for k in range(CLIENTS)}, "nobody is lost"
    assert len(rows) == CLIENTS, "nobody has two mails"
    assert max(arrived.values()) == 1, "nothing arrives twice"
    assert sent <= set(arrived) <= sent | unknown
    assert len(sent) + len(unknown) == CLIENTS
    assert len(unknown) <= in_flight


def is_settled(shop: Shop) -> bool:
    rows = shop.ledger()
    return len(rows) == CLIENTS and all(row.state in SETTLED for row in rows)


def test_no_data_begins_after_a_pause_during_a_broadcast(shop: Shop, tmp_path: Path) -> None:
    slug, began = f"p{random.randrange(2**32)}", shop.sink.faults.data_at
    with fork_workers(shop.settings, tmp_path) as worker:
        worker.start().wait_until_up()
        begin(shop, slug, CLIENTS)
        wait_for(shop, "begun", lambda: len(began) > 20)
        now = datetime.now(UTC)
        steer_campaign(shop.engine, SYSTEM, slug, CampaignCommand(kind="pause"), now, now)
        acknowledged, before = time.monotonic(), len(began)
        time.sleep(1.0)
        assert [at - acknowledged for at in began if at > acknowledged] == []
        assert before < CLIENTS
