"""After a pause was acknowledged no DATA begins, whether the worker runs, is stopped, is killed or is down. Real
server, real SMTP; the seed is printed. SELVEDGE_TEST_PAUSE_ROUNDS=20 runs more rounds."""

from __future__ import annotations

import os
import random
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from errors import Unavailable
from mail.faulty_sink import SmtpFault
from models.actors import Actor, Channel, Role
from models.campaign import CampaignCommand
from models.states import CampaignState, EnrolmentState, OutreachState
from services.campaigns.steering import steer_campaign
from store.database import connect, write_transaction
from store.sql.patience import PAGES
from store.tables import clients, enrolments
from tests.support.forks import ForkedWorkers
from tests.support.seeds import draw_seed
from tests.support.shop import Shop, a_shop
from tests.support.temporal import DevServer

ROUNDS = int(os.environ.get("SELVEDGE_TEST_PAUSE_ROUNDS", "3"))
CLIENTS = 14
HARM = ("stop", "kill", "none", "down")
OWNER = Actor(who="olga", role=Role.OWNER, channel=Channel.COMMAND)


def wait_until_some_leave(shop: Shop, slug: str, seconds: float = 90) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if any(row.campaign == slug and row.state in (OutreachState.DATA, OutreachState.SENT) for row in shop.ledger()):
            return
        time.sleep(0.02)
    raise TimeoutError(f"no mail of {slug} left: {[(row.state, row.code) for row in shop.ledger()]}")


def enrol(shop: Shop, slug: str, prefix: str) -> None:
    """A campaign of the round's own clients, who signed up long ago and want no other mail."""
    now = datetime.now(UTC)
    for k in range(CLIENTS):
        shop.client(f"{prefix}{k}", now=now - timedelta(days=60), tags=(slug,))
    with write_transaction(shop.engine) as connection:
        connection.execute(update(clients).values(policy={"topics": ["campaign"]}))
    shop.campaign(slug, now, audience={"tags": [slug]}, throughput_per_minute=100_000, priority=100)


def pause_under_harm(shop: Shop, worker: ForkedWorkers, slug: str, harm: str) -> float:
    """Pause by a page while the worker is stopped, killed, down or well; return when that was acknowledged. A worker
    stopped in a transaction holds SQLite's lock: then nothing is acknowledged, and the owner asks again."""
    process = worker.usage
    if harm == "stop":
        process.suspend()
    elif harm == "kill":
        worker.kill()
    elif harm == "down":
        worker.stop()
    try:
        pause(shop, slug)
        acknowledged = time.monotonic()
    except Unavailable:
        process.resume()
        pause(shop, slug)
        return time.monotonic()
    if harm == "stop":
        process.resume()
    elif harm in ("kill", "down"):
        worker.start().wait_until_up()
    return acknowledged


def pause(shop: Shop, slug: str) -> None:
    now, engine = datetime.now(UTC), connect(shop.settings.database, PAGES)
    try:
        steered = steer_campaign(engine, OWNER, slug, CampaignCommand(kind="pause"), now, now)
    finally:
        engine.dispose()
    assert steered.state is CampaignState.PAUSED


@pytest.mark.timeout(max(600, 120 * ROUNDS))
def test_no_data_begins_after_a_pause_was_acknowledged(tmp_path: Path, dev_server: DevServer) -> None:
    seed = draw_seed()
    chance = random.Random(seed)
    shop = a_shop(
        tmp_path / "home",
        temporal_address=dev_server.address,
        quiet_from_hour=0,
        quiet_until_hour=0,
        smtp_timeout_s=2.0,
        starts_per_second=40.0,
    )
    shop.sink.faults.always = SmtpFault("text", delay_s=0.1)
    worker = ForkedWorkers(shop.settings, tmp_path)
    try:
        worker.start().wait_until_up()
        for k in range(ROUNDS):
            slug, harm = f"p{seed}-{k}", HARM[k % len(HARM)]
            enrol(shop, slug, f"{slug}-")
            wait_until_some_leave(shop, slug)
            time.sleep(chance.uniform(0.0, 0.4))
            acknowledged = pause_under_harm(shop, worker, slug, harm)
            time.sleep(1.0)
            late = [at - acknowledged for at in shop.sink.faults.data_at if at > acknowledged]
            assert not late, f"round {k}, {harm}: DATA began {late} s after the acknowledgement"
            print(f"round {k}, {harm}: {len(shop.sink.faults.data_at)} mails began so far")
    finally:
        worker.stop()
        shop.sink.stop()
        shop.engine.dispose()


def test_a_pause_of_a_hundred_thousand_is_one_row(shop: Shop) -> None:
    now = datetime.now(UTC)
    shop.campaign("all", now)
    place: dict[str, object] = {"campaign": "all", "entry": "1", "state": EnrolmentState.WAITING, "arm": "treated"}
    place |= {"code": "", "enrolled_at": now, "at": now}
    with write_transaction(shop.engine) as connection:
        connection.execute(insert(enrolments), [{**place, "client_id": f"c{k}"} for k in range(100_000)])
    began = time.process_time()
    paused = steer_campaign(shop.engine, OWNER, "all", CampaignCommand(kind="pause"), now, now)
    assert (paused.state, paused.pending) == ("paused", 100_000)
    assert time.process_time() - began < 1
