"""Campaigns: mails a second of a broadcast, from the first DATA to the last mail that arrived, the processor time of
each, and how long a pause takes while mails leave. Real server, two workers of which one serves the queue `mail` alone,
real SMTP.

1,000 clients by default, 50,000 with `--full`.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Final
from uuid import uuid4

import psutil
from sqlalchemy import delete, insert, update

from bench.lifecycle import open_shop, read_cpu
from domain.assessment import decide_next, score_snapshot
from models.actors import SYSTEM
from models.campaign import CampaignCommand
from models.clients import ClientRow
from models.states import EnrolmentState
from services.assessment.assessor import build_rules
from services.assessment.snapshots import load_snapshots
from services.campaigns.steering import steer_campaign
from services.clients import registration
from store.clients.assessments import FinishedAssessment, save_assessments
from store.database import write_transaction
from store.tables import clients, enrolments, outbox
from tests.support.shop import Shop
from tests.support.temporal import DevServer
from tests.support.worker import WorkerProcess
from workflows.options import MAIL_QUEUE

CLIENTS: Final = 1_000
MOST: Final = 50_000
PAUSES: Final = 20
HELD: Final = 1_000
HELD_PER_MINUTE: Final = 1_800
"""Clients of the campaign that is paused, and how many it lets in: more than are mailed meanwhile."""
ENROLLED: Final = 100_000
PATIENCE_S: Final = 120.0
"""Without one more mail."""


def measure() -> dict[str, float]:
    """Measure `campaign_mails_per_s` with the processor time of a mail, and pauses while mails leave: the time to the
    acknowledgement, and mails that began after it."""
    mails = MOST if "--full" in sys.argv else CLIENTS
    with TemporaryDirectory(prefix="selvedge-bench-") as name, open_shop(Path(name)) as (shop, server, worker):
        second = WorkerProcess(shop.settings, Path(name) / "second", MAIL_QUEUE).start()
        try:
            for one in (worker.start(), second):
                one.wait_until_up()
            broadcast = _measure_broadcast(shop, mails, server, (worker, second))
            fill(shop, HELD, "held")
            audience = {"tags": ["held"]}
            shop.campaign("held", datetime.now(UTC), throughput_per_minute=HELD_PER_MINUTE, audience=audience)
            _wait_for(shop, mails + 1)
            took, late = zip(*(_pause(shop) for _ in range(PAUSES)), strict=True)
            many = _pause_many(shop)
        finally:
            second.stop()
    return {
        **broadcast,
        "pause_median_ms": median(took),
        "pause_worst_ms": max(took),
        "pause_data_after": float(sum(late)),
        f"pause_of_{ENROLLED}_ms": many,
    }


def _measure_broadcast(shop: Shop, mails: int, server: DevServer, workers: Sequence[WorkerProcess]) -> dict[str, float]:
    fill(shop, mails, "all")
    serving = psutil.Process(server.process.pid) if server.process else psutil.Process()
    before = read_cpu(serving), sum(read_cpu(worker.usage) for worker in workers)
    audience = {"tags": ["all"]}
    shop.campaign("all", datetime.now(UTC), throughput_per_minute=100_000, audience=audience)
    _wait_for(shop, mails)
    took = time.monotonic() - shop.sink.faults.data_at[0]
    after = read_cpu(serving), sum(read_cpu(worker.usage) for worker in workers)
    return {
        "campaign_mails_per_s": mails / took,
        "campaign_mails": float(mails),
        "campaign_server_cpu_ms": (after[0] - before[0]) / mails * 1_000,
        "campaign_worker_cpu_ms": (after[1] - before[1]) / mails * 1_000,
    }


def fill(shop: Shop, count: int, tag: str) -> None:
    """Make clients of long ago who carry a tag, want mail of campaigns alone, and were looked at before; nothing starts
    before a campaign."""
    now = datetime.now(UTC)
    rows = [
        ClientRow(
            client_id=f"{tag}{k}",
            email=f"{tag}{k}@example.com",
            first_name="Ana",
            time_zone="UTC",
            signed_up_at=now - timedelta(days=60),
            consent=True,
            tags=(tag,),
        )
        for k in range(count)
    ]
    with write_transaction(shop.engine) as connection:
        registration.upsert_clients(connection, rows, shop.terms, now, now, start=False)
        connection.execute(delete(outbox).where(outbox.c.held))
        of_tag = update(clients).where(clients.c.client_id.startswith(tag))
        connection.execute(of_tag.values(policy={"topics": ["campaign"]}))
    names = [row.client_id for row in rows]
    for k in range(0, count, 1_000):
        _assess(shop, names[k : k + 1_000], now)


def _assess(shop: Shop, names: list[str], now: datetime) -> None:
    """Assess clients as their workflows did before."""
    rules = build_rules(shop.context)
    with write_transaction(shop.engine) as connection:
        finished = []
        for snapshot in load_snapshots(shop.context, connection, names, now).values():
            score = score_snapshot(snapshot, rules, None, uuid4().hex)
            finished.append(FinishedAssessment(snapshot, score, decide_next(snapshot, score, rules)))
        save_assessments(connection, finished)


def _wait_for(shop: Shop, mails: int) -> None:
    """Wait until so many mails arrived. Raises TimeoutError when none more comes."""
    arrived, changed = 0, time.monotonic()
    while (count := shop.sink.mailbox.count()) < mails:
        if count > arrived:
            arrived, changed = count, time.monotonic()
        if time.monotonic() - changed > PATIENCE_S:
            raise TimeoutError(f"{count} of {mails} mails, and none more for {PATIENCE_S:g} s")
        time.sleep(0.02)


def _pause(shop: Shop) -> tuple[float, int]:
    """Pause while mails leave, and resume after half a second: milliseconds until it was acknowledged, and mails that
    began after that."""
    asked = time.monotonic()
    steer_campaign(shop.engine, SYSTEM, "held", CampaignCommand(kind="pause"), datetime.now(UTC), datetime.now(UTC))
    acknowledged = time.monotonic()
    time.sleep(0.5)
    late = sum(at > acknowledged for at in shop.sink.faults.data_at)
    resume = CampaignCommand(kind="resume", overdue="send_late")
    steer_campaign(shop.engine, SYSTEM, "held", resume, datetime.now(UTC), datetime.now(UTC))
    time.sleep(0.5)
    return 1_000 * (acknowledged - asked), late


def _pause_many(shop: Shop) -> float:
    """Pause a campaign in which very many wait: milliseconds until it was acknowledged."""
    now = datetime.now(UTC)
    shop.campaign("many", now)
    place: dict[str, object] = {"campaign": "many", "entry": "1", "state": EnrolmentState.WAITING, "arm": "treated"}
    place |= {"code": "", "enrolled_at": now, "at": now}
    with write_transaction(shop.engine) as connection:
        connection.execute(insert(enrolments), [{**place, "client_id": f"x{k}"} for k in range(ENROLLED)])
    asked = time.monotonic()
    steer_campaign(shop.engine, SYSTEM, "many", CampaignCommand(kind="pause"), now, now)
    return 1_000 * (time.monotonic() - asked)
