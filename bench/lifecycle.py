"""The whole way through Temporal: clients sign up, and their first mail lies in the mailbox. Real server, real SMTP."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psutil

from mail.mailbox import Mailbox
from tests.support.ports import free_ports
from tests.support.shop import Shop, a_shop
from tests.support.temporal import DevServer, new_dev_server

CLIENTS = 300
WARM = 30


def measure() -> dict[str, float]:
    """Named figures. `signups_to_delivered_mail_per_s`: from the first row in the outbox to the last mail delivered."""
    with tempfile.TemporaryDirectory(prefix="selvedge-bench-") as name, _house(Path(name)) as (shop, server, worker):
        _sign_up(shop, "warm", WARM)
        _wait_for(shop, WARM)
        before = _cpu(server), _cpu(worker)
        begun = time.perf_counter()
        _sign_up(shop, "client", CLIENTS)
        _wait_for(shop, WARM + CLIENTS)
        took = time.perf_counter() - begun
        time.sleep(1)  # the last mails are still reported to their clients' workflows
        after = _cpu(server), _cpu(worker)
        return {
            "signups_to_delivered_mail_per_s": CLIENTS / took,
            "outreach_server_cpu_ms": (after[0] - before[0]) / CLIENTS * 1000,
            "outreach_worker_cpu_ms": (after[1] - before[1]) / CLIENTS * 1000,
            "worker_rss_mb": worker.memory_info().rss / 2**20,
        }


@contextmanager
def _house(folder: Path) -> Iterator[tuple[Shop, psutil.Process, psutil.Process]]:
    """A dev server on a WAL file, one worker process, and a shop whose quiet hours never come."""
    (folder / "temporal").mkdir()
    server: DevServer = new_dev_server(folder / "temporal")
    server.start()
    metrics, health = free_ports(2)
    given = {"quiet_from_hour": 0, "quiet_until_hour": 0, "starts_per_second": 1_000.0}
    shop = a_shop(folder / "home", temporal_address=server.address, stock=False, **given)
    environment = os.environ | {
        "SELVEDGE_HOME": str(folder / "home"),
        "SELVEDGE_MAILBOX_PORT": str(shop.settings.mailbox_port),
        "SELVEDGE_TEMPORAL_ADDRESS": server.address,
        "SELVEDGE_WORKER_METRICS_PORT": str(metrics),
        "SELVEDGE_WORKER_HEALTH_PORT": str(health),
        **{f"SELVEDGE_{name.upper()}": str(value) for name, value in given.items()},
    }
    with (folder / "worker.log").open("wb") as log:
        worker = subprocess.Popen([sys.executable, "worker.py"], env=environment, stdout=log, stderr=log)
    try:
        assert server.process is not None
        yield shop, psutil.Process(server.process.pid), psutil.Process(worker.pid)
    finally:
        worker.send_signal(signal.SIGTERM)
        worker.wait(40)
        shop.sink.stop()
        shop.engine.dispose()
        server.stop()


def _sign_up(shop: Shop, prefix: str, count: int) -> None:
    from models.clients import ClientRow  # noqa: PLC0415
    from store import clients  # noqa: PLC0415
    from store.database import writing  # noqa: PLC0415

    now = datetime.now(UTC)
    rows = [
        ClientRow(
            client_id=f"{prefix}{k}",
            email=f"{prefix}{k}@example.com",
            first_name="Ana",
            time_zone="UTC",
            signed_up_at=now,
            consent=True,
        )
        for k in range(count)
    ]
    with writing(shop.engine) as connection:
        clients.upsert(connection, rows, shop.terms, now, now)


def _wait_for(shop: Shop, mails: int) -> None:
    box: Mailbox = shop.sink.mailbox
    until = time.monotonic() + 300
    while box.count() < mails:
        if time.monotonic() > until:
            raise TimeoutError(f"{box.count()} of {mails} mails after 300 s")
        time.sleep(0.05)


def _cpu(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)
