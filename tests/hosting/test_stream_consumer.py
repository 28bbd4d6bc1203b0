"""A consumer whose database is away as it is given partitions, or whose partitions are taken away: it goes on. The
client of Kafka is the real one; nothing of this needs a broker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import TopicPartition
from sqlalchemy import Engine

from errors import Unavailable
from hosting import stream_consumer
from hosting.stream_consumer import StreamConsumer
from hosting.stream_options import list_sources
from ingest.stream_rows import HEAVIEST, StreamMessage
from ingest.streams import StreamIntake, TakenMessages
from settings import Settings
from store import tables as t
from store.database import write_transaction
from store.events.stream_offsets import Part, load_offsets
from store.mail.policy import ShopPolicy
from tests.ingest.test_streams import message
from tests.store.conftest import database, engine

__all__ = ["database", "engine"]

PART: Part = ("selvedge.events", 0)
OTHER: Part = ("selvedge.events", 1)


@pytest.fixture
def consumer(engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StreamConsumer]:
    monkeypatch.setattr(stream_consumer, "FIRST_PAUSE_S", 0.001)
    options = tmp_path / "options"
    options.write_text("log_level=0\nreconnect.backoff.ms=10000\n")
    settings = Settings(home=tmp_path, kafka_servers="127.0.0.1:1", kafka_options=options, _env_file=None)
    intake = StreamIntake(engine, ShopPolicy.from_settings(settings), list_sources(settings))
    consumer = StreamConsumer(engine, settings, intake)
    yield consumer
    consumer.end()


def be_away(monkeypatch: pytest.MonkeyPatch, times: int) -> list[int]:
    """Let the database be away for the next reads of offsets."""
    reads = [0]

    def load_late(connection: Any, parts: Any) -> dict[Part, int]:
        reads[0] += 1
        if reads[0] <= times:
            raise Unavailable("the database is away")
        return load_offsets(connection, parts)

    monkeypatch.setattr(stream_consumer, "load_offsets", load_late)
    return reads


def test_given_partitions_while_the_database_is_away_it_waits(
    consumer: StreamConsumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads = be_away(monkeypatch, 2)
    consumer._assign(consumer._consumer, [TopicPartition(*PART)])
    assert reads == [3]
    assert [(one.topic, one.partition, one.offset) for one in consumer._consumer.assignment()] == [(*PART, 0)]


def test_told_to_stop_while_it_waits_it_takes_no_partition(
    consumer: StreamConsumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    be_away(monkeypatch, 1_000)
    left = iter([True, True])
    consumer._may_go_on = lambda: next(left, False)
    consumer._assign(consumer._consumer, [TopicPartition(*PART)])
    assert consumer._consumer.assignment() == []


def test_partitions_that_were_taken_away_meanwhile_are_no_fault(
    consumer: StreamConsumer, engine: Engine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with write_transaction(engine) as connection:
        connection.execute(t.stream_offsets.insert().values(topic=PART[0], part=PART[1], following=7))
    reads = be_away(monkeypatch, 2)
    consumer._catch_up({PART})  # none is assigned: the real client refuses to seek
    assert reads == [3]
    assert "selvedge.events/0: not sought" in caplog.text


class PartialIntake:
    """Takes one message at a time, as where the database goes away in between, and loses a part at once."""

    def __init__(self) -> None:
        self.batches: list[list[StreamMessage]] = []

    def take(self, messages: list[StreamMessage], positions: dict[Part, int], _now: Any) -> TakenMessages:
        self.batches.append(messages)
        if any(one.part == OTHER for one in messages):
            return TakenMessages(lost={OTHER})
        return TakenMessages({messages[0].part: messages[0].offset + 1})


def test_what_was_not_taken_in_is_taken_next_and_nothing_of_what_others_read(
    consumer: StreamConsumer, monkeypatch: pytest.MonkeyPatch
) -> None:
    intake = PartialIntake()
    heavy = b"x" * (HEAVIEST - 1)
    read = [message(b"b", 0, OTHER), message(b"a", 0, PART), message(heavy, 1, OTHER), message(heavy, 1, PART)]
    monkeypatch.setattr(consumer, "_intake", intake)
    monkeypatch.setattr(consumer, "_positions", {PART: 0, OTHER: 0})
    monkeypatch.setattr(consumer, "_list_good", lambda _read: read)
    monkeypatch.setattr(consumer, "_note_lag", lambda: None)
    monkeypatch.setattr(consumer, "_tell_kafka", lambda _positions: None)
    consumer.take()
    assert [[(one.part, one.offset) for one in batch] for batch in intake.batches] == [
        [(OTHER, 0), (PART, 0)],
        [(PART, 0)],
        [(PART, 1)],
    ]
