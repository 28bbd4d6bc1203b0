"""How fast events come in by Kafka: `selvedge consume`, one process on SQLite, beside a bare consumer that
only parses what it reads. Broker and consumer share this machine's cores."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from confluent_kafka import Consumer, Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from sqlalchemy import func, select

from bench.ingest import SELVEDGE, draw_event, environment, import_shop
from store.database import connect, read_transaction
from store.tables import stream_offsets
from tests.support.kafka import serve_kafka

EVENTS: Final = 200_000
TOPIC: Final = "selvedge.events"


def measure(events: int = EVENTS) -> dict[str, float]:
    """Measure stream_events_per_s, stream_bare_per_s and stream_share_of_bare."""
    with TemporaryDirectory(prefix="selvedge-bench-") as folder, serve_kafka(Path(folder)) as servers:
        home = Path(folder)
        import_shop(home)
        _fill(servers, events)
        bare = _read_bare(servers, events)
        ours = _consume(home, servers, events)
    return {"stream_events_per_s": ours, "stream_bare_per_s": bare, "stream_share_of_bare": ours / bare}


def _fill(servers: str, events: int) -> None:
    admin = AdminClient({"bootstrap.servers": servers})
    for topic in (TOPIC, "selvedge.items", "selvedge.stock"):
        admin.create_topics([NewTopic(topic, 3, 1)])[topic].result(30)
    rng, producer = random.Random(17), Producer({"bootstrap.servers": servers, "linger.ms": 20})
    for k in range(events):
        event = draw_event(rng, f"stream-{k}")
        event |= {"quantity": 1} if "quantity" in event else {}
        producer.produce(TOPIC, json.dumps(event).encode())
        if k % 1_000 == 0:
            producer.flush(30)
    producer.flush(60)


def _read_bare(servers: str, events: int) -> float:
    """Read and parse all, in batches as ours: messages a second from the first on."""
    options = {"bootstrap.servers": servers, "group.id": "bare", "auto.offset.reset": "earliest"}
    consumer, count, began = Consumer(options), 0, 0.0
    consumer.subscribe([TOPIC])
    while count < events:
        batch = [json.loads(message.value() or b"") for message in consumer.consume(2_000, 0.1)]
        began = began or (time.perf_counter() if batch else 0.0)
        count += len(batch)
    seconds = time.perf_counter() - began
    consumer.close()
    return count / seconds


def _consume(home: Path, servers: str, events: int) -> float:
    """Run the command until all is in: events a second from the first batch on."""
    more = {"SELVEDGE_KAFKA_SERVERS": servers, "SELVEDGE_CONSUMER_METRICS_PORT": "0"}
    running = subprocess.Popen([sys.executable, "-c", SELVEDGE, "consume"], env=environment(home, **more))
    engine = connect(f"sqlite:///{home / 'state' / 'selvedge.db'}")
    query = select(func.coalesce(func.sum(stream_offsets.c.following), 0))
    first, began = 0, 0.0
    try:
        while True:
            with read_transaction(engine) as connection:
                count = int(connection.scalar(query) or 0)
            if count and not first:
                first, began = count, time.perf_counter()
            if count >= events:
                return (count - first) / (time.perf_counter() - began)
            time.sleep(0.02)
    finally:
        running.send_signal(signal.SIGTERM)
        running.wait(30)
        engine.dispose()


if __name__ == "__main__":
    for name, figure in measure().items():
        print(f"{name}: {figure:,.2f}")
