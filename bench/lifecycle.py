"""The whole way through Temporal: clients sign up, and their first mail lies in the mailbox. Real server, real SMTP."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from mail.mailbox import Mailbox
from tests.support.shop import Shop, a_shop
from tests.support.temporal import DevServer, new_dev_server
from tests.support.worker import WorkerProcess

CLIENTS = 300
WARM = 30


def measure() -> dict[str, float]:
    """Measure named figures.

    `signups_to_delivered_mail_per_s`: from the first row in the outbox to the last mail delivered;
    `bare_flow_per_s`: the flow with a child and empty activities (`bench.bare`), on the same server, before it."""
    with tempfile.TemporaryDirectory(prefix="selvedge-bench-") as name, open_shop(Path(name)) as (shop, server, worker):
        bare = _bare(server)
        worker.start().wait_until_up()
        shop.sign_up("warm", WARM)
        _wait_for(shop, WARM)
        serving = psutil.Process(server.process.pid) if server.process else psutil.Process()
        before = read_cpu(serving), read_cpu(worker.usage)
        begun = time.perf_counter()
        shop.sign_up("client", CLIENTS)
        _wait_for(shop, WARM + CLIENTS)
        reached = CLIENTS / (time.perf_counter() - begun)
        time.sleep(1)  # the last mails are still reported to their clients' workflows
        after = read_cpu(serving), read_cpu(worker.usage)
        return {
            "signups_to_delivered_mail_per_s": reached,
            "bare_flow_per_s": bare,
            "signups_to_delivered_mail_share_of_bare_flow": reached / bare,
            "outreach_server_cpu_ms": (after[0] - before[0]) / CLIENTS * 1000,
            "outreach_worker_cpu_ms": (after[1] - before[1]) / CLIENTS * 1000,
            "worker_rss_mb": worker.usage.memory_info().rss / 2**20,
        }


def _bare(server: DevServer) -> float:
    command = [sys.executable, "-m", "bench.bare", server.address, str(CLIENTS)]
    output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=180).stdout
    return float(output.split()[-1])  # Temporal's SDK warns on the same stream


@contextmanager
def open_shop(folder: Path) -> Iterator[tuple[Shop, DevServer, WorkerProcess]]:
    """Run a dev server on a WAL file, one worker process, and a shop without quiet hours or a slow pace."""
    (folder / "temporal").mkdir()
    server: DevServer = new_dev_server(folder / "temporal")
    server.start()
    given = {"quiet_from_hour": 0, "quiet_until_hour": 0, "starts_per_second": 1_000.0, "mails_per_second": 1_000.0}
    shop = a_shop(folder / "home", temporal_address=server.address, stock=False, **given)
    worker = WorkerProcess(shop.settings, folder)
    try:
        yield shop, server, worker
    finally:
        worker.stop()
        shop.sink.stop()
        shop.engine.dispose()
        server.stop()


def _wait_for(shop: Shop, mails: int) -> None:
    box: Mailbox = shop.sink.mailbox
    until = time.monotonic() + 300
    while box.count() < mails:
        if time.monotonic() > until:
            raise TimeoutError(f"{box.count()} of {mails} mails after 300 s")
        time.sleep(0.05)


def read_cpu(process: psutil.Process) -> float:
    """Read how many seconds of processor time a process has used."""
    times = process.cpu_times()
    return float(times.user + times.system)
