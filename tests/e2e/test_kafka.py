"""Through a real Kafka: every message counts once, whoever is killed, shares the work, or reads the same."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, func, select

from errors import ConfigError
from hosting.consume import consume
from hosting.stream_consumer import StreamConsumer
from hosting.stream_options import list_sources, read_options
from ingest.streams import StreamIntake
from models.events import EVENT
from services.ingestion.dead_letters import list_letters
from services.ingestion.intake import accept_events
from settings import Settings
from store import tables as t
from store.database import connect, read_transaction, write_transaction
from store.mail.policy import ShopPolicy
from tests.store.seeds import seed_clients, seed_items
from tests.support.kafka import Kafka
from tests.support.ports import free_port
from tests.support.tables import create_tables
from tests.support.worker import ROOT, environment

CLIENTS = [f"c{k}" for k in range(40)]
ITEMS = [f"i{k}" for k in range(10)]
END = datetime.now(UTC) - timedelta(hours=2)


@pytest.fixture
def shop(kafka: Kafka, tmp_path: Path) -> Iterator[tuple[Settings, Engine]]:
    """A store with clients and items, and topics of its own."""
    names = {f"kafka_{kind}": f"{tmp_path.name}.{kind}" for kind in ("events", "items", "stock")}
    kafka.make_topics(*names.values())
    options = tmp_path / "options"
    options.write_text("session.timeout.ms=1500\nheartbeat.interval.ms=300\n")  # who was killed is missed soon
    quick: dict[str, Any] = {"consumer_metrics_port": 0, "stream_batch": 100, "kafka_options": options, **names}
    settings = Settings(home=tmp_path, kafka_servers=kafka.servers, kafka_group=tmp_path.name, _env_file=None, **quick)
    engine = connect(settings.database)
    seed(engine, settings)
    yield settings, engine
    engine.dispose()


def seed(engine: Engine, settings: Settings) -> None:
    create_tables(engine)
    policy = ShopPolicy.from_settings(settings)
    with write_transaction(engine) as connection:
        seed_clients(connection, policy, *CLIENTS)
        seed_items(connection, policy, *ITEMS)


def make_events(count: int, rng: random.Random) -> list[dict[str, Any]]:
    kinds = ["item_viewed", "item_clicked", "added_to_cart", "order_placed"]
    events = []
    for k in range(count):
        kind = rng.choice(kinds)
        event = {"event_id": f"e{k}", "client_id": rng.choice(CLIENTS), "type": kind, "item_id": rng.choice(ITEMS)}
        event["occurred_at"] = (END - timedelta(seconds=rng.randrange(8_000_000))).isoformat()
        events.append(event | ({"value": "20.00", "currency": "USD"} if kind == "order_placed" else {}))
    return events


def start(settings: Settings, log: Path, **more: object) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", "import cli; cli.main()", "consume"]
    with log.open("ab") as out:
        return subprocess.Popen(command, env=environment(settings, **more), cwd=ROOT, stdout=out, stderr=out)


def wait(check: Callable[[], bool], what: str, seconds: float = 60) -> None:
    until = time.monotonic() + seconds
    while not check():
        if time.monotonic() > until:
            raise TimeoutError(what)
        time.sleep(0.02)


def count_read(engine: Engine) -> int:
    with read_transaction(engine) as connection:
        return int(connection.scalar(select(func.coalesce(func.sum(t.stream_offsets.c.following), 0))) or 0)


def load_engagement(engine: Engine) -> list[tuple[Any, ...]]:
    with read_transaction(engine) as connection:
        return [tuple(row) for row in connection.execute(select(t.engagement).order_by(t.engagement.c.client_id))]


def test_each_event_counts_once_though_consumers_are_killed_and_share_the_work(
    kafka: Kafka, shop: tuple[Settings, Engine], tmp_path: Path
) -> None:
    settings, engine = shop
    seed_number = random.SystemRandom().randrange(2**32)
    print("seed", seed_number)
    rng = random.Random(seed_number)
    events = make_events(2_000, rng)
    sent = events + rng.sample(events, 200)
    rng.shuffle(sent)
    sent.insert(1_000, {"event_id": "bad"})
    kafka.send(settings.kafka_events, sent)
    running = [start(settings, tmp_path / f"{name}.log") for name in "ab"]
    try:
        wait(lambda: count_read(engine) >= 200, "nothing was read")
        running[0].send_signal(signal.SIGKILL)
        running.append(start(settings, tmp_path / "c.log"))
        reached = count_read(engine) + 200
        wait(lambda: count_read(engine) >= reached, "nothing was read after one was killed")
        running[1].send_signal(signal.SIGKILL)
        wait(lambda: count_read(engine) == len(sent), f"{count_read(engine)} of {len(sent)} were read")
    finally:
        for process in running:
            process.terminate()
        ended = [process.wait(20) for process in running]
    assert ended[2] == 0, (tmp_path / "c.log").read_text()[-2000:]
    with read_transaction(engine) as connection:
        stored = list(connection.scalars(select(t.events.c.event_id)))
    assert sorted(stored) == sorted(event["event_id"] for event in events)
    assert len(list_letters(engine).letters) == 1
    at_once = connect(f"sqlite:///{tmp_path / 'at-once.db'}")
    seed(at_once, settings)
    now = datetime.now(UTC)
    with write_transaction(at_once) as connection:
        batch = [EVENT.validate_python(event) for event in events]
        assert len(accept_events(connection, batch, ShopPolicy.from_settings(settings), now, now).accepted) == 2_000
    for taken, together in zip(load_engagement(engine), load_engagement(at_once), strict=True):
        numbers = [(a, b) for a, b in zip(taken, together, strict=True) if isinstance(a, float)]
        assert [a for a, _ in numbers] == pytest.approx([b for _, b in numbers])
        assert [a for a in taken if not isinstance(a, float)] == [b for b in together if not isinstance(b, float)]
    at_once.dispose()


def test_two_that_read_the_same_take_each_message_in_once(kafka: Kafka, shop: tuple[Settings, Engine]) -> None:
    settings, engine = shop
    intake = StreamIntake(engine, ShopPolicy.from_settings(settings), list_sources(settings))
    kafka.send(settings.kafka_events, make_events(600, random.Random(5)))
    both = [
        StreamConsumer(engine, settings.model_copy(update={"kafka_group": f"{settings.kafka_group}-{n}"}), intake)
        for n in (1, 2)
    ]
    for one in both:
        one.begin()
    wait(lambda: sum(one.take() for one in both) == 0 and count_read(engine) == 600, "not all were read")
    kafka.send(
        settings.kafka_events,
        [event | {"event_id": f"x{n}"} for n, event in enumerate(make_events(9, random.Random(6)))],
    )
    wait(lambda: sum(one.take() for one in both) == 0 and count_read(engine) == 609, "not all were read")
    for one in both:
        one.end()
    with read_transaction(engine) as connection:
        assert connection.scalar(select(func.count()).select_from(t.events)) == 609


def test_goods_come_in_and_lag_is_told(kafka: Kafka, shop: tuple[Settings, Engine]) -> None:
    settings, engine = shop
    port = free_port()
    kafka.send(settings.kafka_items, [{"item_id": "new", "title": "New", "category": "coats", "price": "90"}])
    stop = threading.Event()
    told_by = settings.model_copy(update={"consumer_metrics_port": port})
    reading = threading.Thread(target=consume, args=(engine, told_by, lambda: not stop.is_set()))
    reading.start()
    try:
        wait(lambda: count_read(engine) == 1, "the item was not read")
        kafka.send(settings.kafka_stock, [{"sku": "new-m", "item_id": "new", "size": "M", "on_hand": 4}])
        wait(lambda: count_read(engine) == 2, "the stock was not read")
        told = httpx.get(f"http://127.0.0.1:{port}/metrics").text
    finally:
        stop.set()
        reading.join(20)
    with read_transaction(engine) as connection:
        assert connection.scalar(select(t.stock.c.on_hand).where(t.stock.c.sku == "new-m")) == 4
    assert f'selvedge_stream_lag{{partition="0",topic="{settings.kafka_events}"}} 0.0' in told
    assert 'selvedge_stream_rows_total{result="accepted",source="items"} 1.0' in told


def test_a_stream_that_begins_anew_is_read_from_its_beginning(kafka: Kafka, shop: tuple[Settings, Engine]) -> None:
    settings, engine = shop
    kafka.send(settings.kafka_events, make_events(5, random.Random(1)))
    with write_transaction(engine) as connection:
        for part in range(3):
            connection.execute(t.stream_offsets.insert().values(topic=settings.kafka_events, part=part, following=999))
    intake = StreamIntake(engine, ShopPolicy.from_settings(settings), list_sources(settings))
    consumer = StreamConsumer(engine, settings, intake)
    consumer.begin()
    wait(lambda: consumer.take() == 0 and count_read(engine) == 5, "not all were read")
    consumer.end()
    with read_transaction(engine) as connection:
        assert connection.scalar(select(func.count()).select_from(t.events)) == 5


def test_settings_that_lead_nowhere_are_named(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, consumer_metrics_port=0, _env_file=None)
    engine = connect(settings.database)
    with pytest.raises(ConfigError, match="SELVEDGE_KAFKA_SERVERS"):
        consume(engine, settings, lambda: True)
    options = tmp_path / "options"
    options.write_text("# ours\n\nsasl.username=ann\n")
    assert read_options(settings.model_copy(update={"kafka_options": options})) == {"sasl.username": "ann"}
    options.write_text("nonsense")
    with pytest.raises(ConfigError, match="line 1"):
        read_options(settings.model_copy(update={"kafka_options": options}))
    options.write_text("no.such.option=1")
    named = settings.model_copy(update={"kafka_options": options, "kafka_servers": "127.0.0.1:1"})
    with pytest.raises(ConfigError, match=r"SELVEDGE_KAFKA_OPTIONS: .*no\.such\.option"):
        consume(engine, named, lambda: True)
    with pytest.raises(ConfigError, match="a topic of its own"):
        list_sources(settings.model_copy(update={"kafka_items": "selvedge.events"}))
    engine.dispose()
