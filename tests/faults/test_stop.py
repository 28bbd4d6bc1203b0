"""Parts stop and go on, are cut off, or lose their database, at moments drawn by a seed: every client gets the one
mail, within a minute of the end of the last fault, without hands."""

from __future__ import annotations

import random
import signal
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from domain.outreach import SETTLED
from mail.faulty_sink import SmtpFault
from models.states import OutreachState
from store.database import write_transaction
from tests.support import production
from tests.support.forks import ForkedWorkers, fork_workers
from tests.support.ports import free_port
from tests.support.postgres import KEEPS_COMMITS, Cluster, postgres_programs
from tests.support.relay import Relay
from tests.support.seeds import draw_seed, is_seed_given
from tests.support.shop import Shop, a_shop
from tests.support.temporal import DevServer, new_dev_server

CLIENTS = 15
ROUNDS, FEW_ROUNDS = 3, 1
"""How many faults follow each other, and how many in `make test`."""
RECOVERY_S = 60
PATIENCE_S = 300


@dataclass
class Parts:
    """The parts of a shop, each behind a network of its own. Without a cluster the database is a file of SQLite."""

    shop: Shop
    server: DevServer
    worker: ForkedWorkers
    networks: list[Relay]
    cluster: Cluster | None

    def fail(self, fault: str, chance: random.Random) -> None:
        """Let one fault come and go."""
        seconds = chance.uniform(0.5, 3.0)
        if fault == "partition":
            network = chance.choice(self.networks)
            network.cut()
            time.sleep(seconds)
            network.heal()
        elif fault == "loss":
            self._lose_database(seconds)
        else:
            self._stop(chance.choice(("worker", "server", "database")), seconds)

    def _lose_database(self, seconds: float) -> None:
        if self.cluster is None:
            self._lock(seconds)
            return
        self.cluster.kill()
        time.sleep(seconds)
        self.cluster.launch()

    def _stop(self, part: str, seconds: float) -> None:
        if part == "database" and self.cluster is None:
            self._lock(seconds)
            return
        database = self.cluster.process if self.cluster else None
        owner = {"server": self.server.process, "database": database}.get(part)
        root = psutil.Process(owner.pid) if owner else self.worker.usage
        processes = [root, *root.children(recursive=True)]
        for process in processes:
            process.send_signal(signal.SIGSTOP)
        time.sleep(seconds)
        for process in processes:
            process.send_signal(signal.SIGCONT)

    def _lock(self, seconds: float) -> None:
        """Keep all others from writing, as a stuck backup of the file would."""
        with write_transaction(self.shop.engine):
            time.sleep(seconds)


@pytest.fixture
def parts(tmp_path: Path) -> Iterator[Parts]:
    with ExitStack() as ending:
        cluster = ending.enter_context(own_cluster()) if production.is_chosen() else None
        (tmp_path / "temporal").mkdir()
        if cluster:
            server: DevServer = production.new_server(tmp_path / "temporal", cluster)
        else:
            server = new_dev_server(tmp_path / "temporal")
        ending.callback(server.stop)
        server.start()
        networks = [Relay(server.ports[0])]
        url, address = "", f"127.0.0.1:{networks[0].port}"
        if cluster:
            networks.append(Relay(cluster.port))
            url = cluster.url(cluster.copy_database(cluster.template))
        for network in networks:
            ending.callback(network.close)
        given: dict[str, Any] = {"quiet_from_hour": 0, "quiet_until_hour": 0, "starts_per_second": 8.0}
        shop = a_shop(tmp_path / "home", database_url=url, temporal_address=address, smtp_timeout_s=2.0, **given)
        ending.callback(shop.engine.dispose)
        ending.callback(shop.sink.stop)
        shop.sink.faults.always = SmtpFault("text", delay_s=0.1)
        by_network = url.replace(f":{cluster.port}/", f":{networks[1].port}/") if cluster else ""
        worker = fork_workers(shop.settings.model_copy(update={"database_url": by_network}), tmp_path)
        yield Parts(shop, server, ending.enter_context(worker), networks, cluster)


@contextmanager
def own_cluster() -> Iterator[Cluster]:
    """A PostgreSQL of this test's own, since it is to fail."""
    programs = postgres_programs()
    assert programs, "a run on the production stack has found it before"
    cluster = Cluster(programs, Path(tempfile.mkdtemp(prefix="selvedge-pg-")), free_port(), KEEPS_COMMITS)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


@pytest.mark.parametrize("fault", ["stop", "partition", "loss"])
def test_every_client_gets_the_one_mail_soon_after_the_last_fault(parts: Parts, fault: str) -> None:
    chance, shop = random.Random(draw_seed()), parts.shop
    parts.worker.start().wait_until_up()
    for k in range(CLIENTS):
        shop.client(f"f{k}")
    for _ in range(ROUNDS if production.is_chosen() or is_seed_given() else FEW_ROUNDS):
        time.sleep(chance.uniform(0.1, 1.0))
        parts.fail(fault, chance)
    ended = time.monotonic()
    while not is_settled(shop):
        assert time.monotonic() - ended < PATIENCE_S, Counter(row.state for row in shop.ledger())
        time.sleep(0.1)
    recovered = time.monotonic() - ended
    states, arrived = Counter(row.state for row in shop.ledger()), Counter(mail.message_id for mail in shop.mails())
    print(f"recovered in {recovered:.1f} s: {dict(states)}")
    sent = {row.message_id for row in shop.ledger() if row.state == OutreachState.SENT}
    assert max(arrived.values()) == 1, "nothing twice"
    assert sent <= set(arrived), "nothing lost"
    assert states[OutreachState.SENT] + states[OutreachState.UNKNOWN] == CLIENTS
    assert recovered < RECOVERY_S


def is_settled(shop: Shop) -> bool:
    rows = shop.ledger()
    return len(rows) == CLIENTS and all(row.state in SETTLED for row in rows)
