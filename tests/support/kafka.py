"""A real Kafka of one broker in KRaft mode: for a session of tests, and for the bench."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from scripts.kafka_server import build_properties
from tests.support.ports import free_ports
from tests.support.worker import ROOT


@dataclass
class Kafka:
    """A running broker."""

    servers: str

    def make_topics(self, *names: str, partitions: int = 3) -> None:
        """Make topics, and wait until the broker leads their partitions."""
        admin = AdminClient({"bootstrap.servers": self.servers})
        for made in admin.create_topics([NewTopic(name, partitions, 1) for name in names]).values():
            made.result(30)

    def send(self, topic: str, bodies: Sequence[Any], keys: Sequence[str] | None = None) -> None:
        """Send bodies, each as JSON unless it is bytes, and wait until the broker has them."""
        producer = Producer(
            {"bootstrap.servers": self.servers, "linger.ms": 5, "queue.buffering.max.messages": 1_000_000}
        )
        for index, body in enumerate(bodies):
            sent = body if isinstance(body, bytes) else json.dumps(body).encode()
            producer.produce(topic, sent, keys[index] if keys else None)
        assert producer.flush(60) == 0


@pytest.fixture(scope="session")
def kafka() -> Iterator[Kafka]:
    """A running Kafka for the whole session. Where it cannot be had: a failure where CI is set, else a skip."""
    folder = Path(tempfile.mkdtemp(prefix="selvedge-kafka-"))
    with contextlib.ExitStack() as ending:
        ending.callback(shutil.rmtree, folder, ignore_errors=True)
        try:
            servers = ending.enter_context(serve_kafka(folder))
        except FileNotFoundError as missing:
            if os.environ.get("CI"):
                pytest.fail(str(missing))
            pytest.skip(str(missing))
        yield Kafka(servers)


@contextlib.contextmanager
def serve_kafka(folder: Path) -> Iterator[str]:
    """Serve Kafka from a folder: its hosts and ports. Raises FileNotFoundError where it cannot be had, saying why."""
    broker = KafkaBroker(folder)
    broker.start()
    try:
        yield broker.servers
    finally:
        broker.kill()  # nothing in it is worth an orderly end


class KafkaBroker:
    """One broker on a folder. Killed and started again, it goes on from there, by the same port."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-m", "scripts.kafka_server"]
        found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if found.returncode:
            why = found.stderr.strip().rpartition(chr(10))[2]
            raise FileNotFoundError(f"{why} Then: {' '.join(command[1:])}")
        self._port, controller = free_ports(2)
        properties, self._log = folder / "server.properties", folder / "kafka.log"
        properties.write_text(build_properties(self._port, controller, folder / "kafka"))
        self._command = [found.stdout.strip(), str(properties)]
        self._running: subprocess.Popen[bytes] | None = None

    @property
    def servers(self) -> str:
        """Its host and port."""
        return f"127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        with self._log.open("a") as out:
            self._running = subprocess.Popen(self._command, stdout=out, stderr=out, start_new_session=True)
        _wait(self._running, self._port, self._log)

    def kill(self) -> None:
        """kill -9."""
        if self._running is not None:
            os.killpg(self._running.pid, signal.SIGKILL)  # a script that runs Java
            self._running.wait(20)
            self._running = None


def _wait(running: subprocess.Popen[bytes], port: int, out: Path, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until and running.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    running.kill()
    raise TimeoutError(f"Kafka did not start: {out.read_text()[-2000:]}")
