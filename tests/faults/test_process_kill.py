"""kill -9 of each process of a shop in turn, under load: web processes, those beside them, the consumer, Kafka and the
worker. Nobody gets another client's items, web processes answer whatever else is gone, and nothing that the site or
Kafka acknowledged is lost or taken in twice. The seed is printed; SELVEDGE_TEST_PROCESS_KILLS=20 kills twenty times.
Without it the test is left out: what it starts takes a minute.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import pytest
from confluent_kafka import KafkaError, Message, Producer
from sqlalchemy import Engine, func, select

from settings import Settings
from store import tables as t
from store.database import read_transaction
from tests.faults.test_web_kill import LATE_S, REPLACED_S, Killer, engine, find_lost
from tests.support.forks import ForkedWorkers
from tests.support.kafka import Kafka, KafkaBroker
from tests.support.ports import free_ports
from tests.support.seeds import draw_seed
from tests.support.temporal import DevServer
from tests.support.web_load import CLIENTS, WebLoad, name_client, name_piece
from tests.support.web_processes import Site, wait
from tests.support.worker import ROOT, environment

__all__ = ["engine"]
ROUNDS = int(os.environ.get("SELVEDGE_TEST_PROCESS_KILLS", "0"))
PATIENCE_S = 180.0


@pytest.mark.skipif(not ROUNDS, reason="SELVEDGE_TEST_PROCESS_KILLS says how often to kill; it takes minutes")
def test_whatever_is_killed_nothing_is_lost_and_nobody_gets_what_is_anothers(
    tmp_path: Path, engine: Engine, dev_server: DevServer
) -> None:
    seed = draw_seed()
    with ExitStack() as ending:
        broker = KafkaBroker(tmp_path)
        broker.start()
        ending.callback(broker.kill)
        settings = build_settings(tmp_path, broker.servers, dev_server.address)
        Kafka(broker.servers).make_topics(settings.kafka_events, settings.kafka_items, settings.kafka_stock)
        worker = ForkedWorkers(settings, tmp_path)
        ending.callback(worker.stop)
        consumer = Consumer(settings, tmp_path)
        ending.callback(consumer.end)
        consumer.start()
        site = Site(settings)
        killer = StackKiller(site, random.Random(seed), broker, consumer, worker, engine)
        try:
            wait(site.is_up, bool, 120)
            worker.start().wait_until_up()
            with WebLoad(site, engine, seed) as load, StreamLoad(settings, seed) as stream:
                killer.kill_each_in_turn(ROUNDS)
        finally:
            told = site.end()
        assert not load.wrong
        wait(lambda: count_events(engine, "kafka-"), lambda there: there >= len(stream.taken), PATIENCE_S)
        wait(lambda: count_nudges(engine), lambda left: not left, PATIENCE_S)
        said = (load.describe(), killer.describe(), killer.tell_others(), stream.describe())
        print(f"figures: {'; '.join(said)}".replace("\n", "; "))
        print(f"recovered in {max(killer.pauses, default=0.0):.1f} s")
    assert told.count(b"another takes its place") == len(killer.pauses), told.decode()
    assert not load.wrong
    assert load.answers
    assert load.taken
    assert not [one for one in load.failures if not killer.explains(*one)], "a request failed that no kill explains"
    assert sum(one.seconds > LATE_S for one in load.answers) <= len(load.answers) / 20
    assert max(killer.pauses, default=0.0) < REPLACED_S
    assert not find_lost(engine, load)
    assert stream.taken <= list_events(engine, "kafka-") <= stream.sent
    assert not list((tmp_path / "spool").iterdir())


def build_settings(home: Path, servers: str, temporal: str) -> Settings:
    """The settings of a shop whose consumer notices soon that another has died."""
    web, mailbox = free_ports(2)
    options = home / "kafka-options"
    options.write_text("session.timeout.ms=1500\nheartbeat.interval.ms=300\n")
    ports: dict[str, Any] = {"web_port": web, "mailbox_port": mailbox, "consumer_metrics_port": 0}
    return Settings(
        _env_file=None, home=home, web_helper=True, worker_health_url="none", temporal_address=temporal,
        kafka_servers=servers, kafka_options=options, stream_batch=100, **ports,
    )  # fmt: skip


def list_events(engine: Engine, start: str) -> set[str]:
    """The ids in the store that begin so."""
    with read_transaction(engine) as connection:
        return set(connection.scalars(select(t.events.c.event_id).where(t.events.c.event_id.startswith(start))))


def count_events(engine: Engine, start: str) -> int:
    return len(list_events(engine, start))


def count_nudges(engine: Engine) -> int:
    """How many of the outbox the worker has still to deliver."""
    with read_transaction(engine) as connection:
        waiting = select(func.count()).select_from(t.outbox).where(t.outbox.c.held.is_not(True))
        return int(connection.scalar(waiting) or 0)


class Consumer:
    """`selvedge consume`, one process after another."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self._settings, self._log = settings, folder / "consumer.log"
        self._running: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the next one."""
        command = [sys.executable, "-c", "import cli; cli.main()", "consume"]
        with self._log.open("ab") as out:
            self._running = subprocess.Popen(command, env=environment(self._settings), cwd=ROOT, stdout=out, stderr=out)

    def kill(self) -> None:
        """kill -9."""
        assert self._running is not None
        assert self._running.poll() is None, self._log.read_text()[-2000:]
        self._running.send_signal(signal.SIGKILL)
        self._running.wait(20)

    def end(self) -> None:
        """Tell it to end, and wait."""
        if self._running is not None and self._running.poll() is None:
            self._running.terminate()
            self._running.wait(30)


class StackKiller(Killer):
    """Kills whatever a shop runs. What is not web is started again, as its supervisor would."""

    def __init__(
        self,
        site: Site,
        chance: random.Random,
        broker: KafkaBroker,
        consumer: Consumer,
        worker: ForkedWorkers,
        engine: Engine,
    ) -> None:
        super().__init__(site, chance)
        self._broker, self._consumer, self._worker, self._engine = broker, consumer, worker, engine
        self._others: Counter[str] = Counter()

    def kill_each_in_turn(self, rounds: int) -> None:
        """Kill all kinds equally often, in a random order."""
        kinds = [self._kill_web, self._kill_helper, self._kill_consumer, self._kill_broker, self._kill_worker]
        order = (kinds * (rounds // len(kinds) + 1))[:rounds]
        self._chance.shuffle(order)
        for kill in order:
            time.sleep(self._chance.uniform(0.1, 0.6))
            kill()

    def tell_others(self) -> str:
        """How often each of the others was killed."""
        return "killed beside them: " + ", ".join(f"{name} {count}" for name, count in sorted(self._others.items()))

    def _kill_consumer(self) -> None:
        """Kill it, and go on once another takes in what comes."""
        self._others["consumer"] += 1
        self._consumer.kill()
        self._consumer.start()
        before = count_events(self._engine, "kafka-")
        wait(lambda: count_events(self._engine, "kafka-"), lambda there: there > before, PATIENCE_S)

    def _kill_broker(self) -> None:
        """Kill it, and go on once what was sent meanwhile has come through."""
        self._others["Kafka"] += 1
        self._broker.kill()
        before = count_events(self._engine, "kafka-")
        time.sleep(self._chance.uniform(0.1, 1.0))
        self._broker.start()
        wait(lambda: count_events(self._engine, "kafka-"), lambda there: there > before, PATIENCE_S)

    def _kill_worker(self) -> None:
        self._others["worker"] += 1
        self._worker.kill()
        self._worker.start().wait_until_up()


class StreamLoad:
    """Writes events to Kafka until the block ends. `taken`: the ids that Kafka acknowledged."""

    def __init__(self, settings: Settings, seed: int) -> None:
        self._topic, self._chance, self._numbers = (
            settings.kafka_events,
            random.Random(f"{seed}-kafka"),
            itertools.count(),
        )
        self._producer = Producer({"bootstrap.servers": settings.kafka_servers, "acks": "all", "linger.ms": 5})
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.sent: set[str] = set()
        self.taken: set[str] = set()
        self.refused: list[str] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(60)
        assert self._producer.flush(60) == 0

    def describe(self) -> str:
        """How much was written."""
        return f"{len(self.taken)} of {len(self.sent)} events acknowledged by Kafka"

    def _run(self) -> None:
        while not self._ended.wait(0.02):
            for number in self._chance.sample(range(CLIENTS), 3):
                self._send(f"kafka-{next(self._numbers)}", number)
            self._producer.poll(0)

    def _send(self, event_id: str, number: int) -> None:
        def note(error: KafkaError | None, _: Message) -> None:
            self.refused.append(str(error)) if error else self.taken.add(event_id)

        about = {"client_id": name_client(number), "item_id": name_piece(number), "type": "item_clicked"}
        body = {"event_id": event_id, "occurred_at": datetime.now(UTC).isoformat(), **about}
        self.sent.add(event_id)
        self._producer.produce(self._topic, json.dumps(body).encode(), on_delivery=note)
