"""Reads topics of Kafka and gives what they hold to the intake, until stopped.

How far each partition was read stands in our database, beside the rows; what Kafka itself remembers of it is for its
own tools alone. Whoever was away while another consumer took its partitions over takes nothing in twice: the offset in
the database is no longer the one from which it read.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any, Final, TypeVar

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from sqlalchemy import Engine

from errors import ConfigError, Unavailable
from hosting.stream_metrics import lag, lost_messages, read_rows
from hosting.stream_options import list_sources, read_options
from ingest.stream_rows import StreamMessage, cut_batches
from ingest.streams import StreamIntake, TakenMessages
from settings import Settings
from store.database import read_transaction, write_transaction
from store.events.stream_offsets import Part, load_offsets, move_offset

log = logging.getLogger("selvedge.streams")
Result = TypeVar("Result")

WAIT_S: Final = 0.1
"""Seconds that a batch waits for more messages."""
FIRST_PAUSE_S: Final = 0.2
LONGEST_PAUSE_S: Final = 10.0
START_S: Final = 15.0
"""Seconds within which Kafka must answer at the start."""


class StreamConsumer:
    """One consumer of a group, for one thread."""

    def __init__(self, engine: Engine, settings: Settings, intake: StreamIntake) -> None:
        if not settings.kafka_servers:
            raise ConfigError("SELVEDGE_KAFKA_SERVERS: name hosts and ports of Kafka, such as kafka-1:9092")
        self._engine, self._intake, self._settings = engine, intake, settings
        self._topics = list(list_sources(settings))
        self._positions: dict[Part, int] = {}
        self._missing: set[str] = set()
        self._may_go_on: Callable[[], bool] = lambda: True
        options: dict[str, Any] = {
            "client.id": "selvedge",
            "isolation.level": "read_committed",
            "session.timeout.ms": 10_000,  # after which others take over from one that was killed
            **read_options(settings),
            "bootstrap.servers": settings.kafka_servers,
            "group.id": settings.kafka_group,
            "enable.auto.commit": False,
            "auto.offset.reset": "earliest",
            "error_cb": self._note_fault,
        }
        try:
            self._consumer = Consumer(options)
        except KafkaException as wrong:
            raise ConfigError(f"SELVEDGE_KAFKA_OPTIONS: {wrong.args[0].str()}") from None

    def run(self, may_go_on: Callable[[], bool]) -> None:
        """Read until `may_go_on` says no. Raises ConfigError when no Kafka answers at the start."""
        try:
            self.begin()
            while may_go_on():
                self.take(may_go_on)
        finally:
            self.end()

    def begin(self) -> None:
        """Join the group. Raises ConfigError when no Kafka answers."""
        try:
            self._consumer.list_topics(timeout=START_S)
        except KafkaException:
            raise ConfigError(f"SELVEDGE_KAFKA_SERVERS: no Kafka answers at {self._settings.kafka_servers}") from None
        self._consumer.subscribe(self._topics, on_assign=self._assign, on_revoke=self._revoke)

    def end(self) -> None:
        """Leave the group, so that others read on at once."""
        self._consumer.close()

    def take(self, may_go_on: Callable[[], bool] = lambda: True) -> int:
        """Take the next messages in, and return how many were read. While the database does not answer, they wait."""
        self._may_go_on = may_go_on
        messages = self._list_good(self._consumer.consume(self._settings.stream_batch, WAIT_S))
        lost: set[Part] = set()
        for batch in cut_batches(messages):
            while waiting := [one for one in batch if one.part not in lost and one.offset >= self._positions[one.part]]:
                taken = self._try_until_answered(partial(self._take_batch, waiting))
                if taken is None:
                    return len(messages)
                lost |= taken.lost
        self._note_lag()
        return len(messages)

    def _take_batch(self, messages: Sequence[StreamMessage]) -> TakenMessages:
        taken = self._intake.take(messages, self._positions, datetime.now(UTC))
        self._positions |= taken.positions
        for (source, result), count in taken.counts.items():
            read_rows.labels(source, result).inc(count)
        if taken.lost:
            self._catch_up(taken.lost)
        self._tell_kafka(taken.positions)
        return taken

    def _try_until_answered(self, act: Callable[[], Result]) -> Result | None:
        """Do it as soon as the database and Kafka answer; None where we are to stop before."""
        pause = FIRST_PAUSE_S
        while self._may_go_on():
            try:
                return act()
            except (Unavailable, KafkaException) as away:
                log.warning("messages wait: %s", away.args[0].name() if isinstance(away, KafkaException) else away)
                time.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_S)
        return None

    def _list_good(self, read: Sequence[Message]) -> list[StreamMessage]:
        """List the messages of partitions that are ours, each once."""
        good = []
        for message in read:
            if (fault := message.error()) is not None:
                self._note_fault(fault, str(message.topic() or ""))
                continue
            part, offset = (str(message.topic()), int(message.partition() or 0)), int(message.offset() or 0)
            if part in self._positions and offset >= self._positions[part]:
                good.append(StreamMessage(part, offset, _get_body(message)))
        return good

    def _assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        """Begin where the database says, as Kafka gives us partitions; while the one or the other is away, wait."""
        parts = [(one.topic, one.partition) for one in partitions]
        starts = self._try_until_answered(partial(self._find_starts, parts))
        if starts is not None:
            consumer.assign(starts)

    def _find_starts(self, parts: Sequence[Part]) -> list[TopicPartition]:
        self._positions = self._load(parts)
        return [TopicPartition(*part, self._find_start(part)) for part in parts]

    def _load(self, parts: Sequence[Part]) -> dict[Part, int]:
        with read_transaction(self._engine) as connection:
            return load_offsets(connection, parts)

    def _find_start(self, part: Part) -> int:
        """Find where to begin: where we stopped, or at the first message there is where that one is gone."""
        position = self._positions[part]
        if position == 0:
            return 0
        low, high = self._consumer.get_watermark_offsets(TopicPartition(*part), START_S, cached=False)
        if low <= position <= high:
            return position
        if position < low:
            lost_messages.inc(low - position)
            log.error("%s/%d: %d messages were deleted before they were read", *part, low - position)
            return int(low)
        log.error("%s/%d was made anew: it is read from its beginning", *part)
        with write_transaction(self._engine) as connection:
            move_offset(connection, part, position, int(low))
        self._positions[part] = int(low)
        return int(low)

    def _revoke(self, _consumer: Consumer, partitions: list[TopicPartition]) -> None:
        for one in partitions:
            if self._positions.pop((one.topic, one.partition), None) is not None:
                lag.labels(one.topic, str(one.partition)).set(0)

    def _catch_up(self, lost: set[Part]) -> None:
        """Go on where somebody else stopped in partitions that they read meanwhile."""
        log.warning("another consumer has read on: %s", ", ".join(f"{topic}/{part}" for topic, part in sorted(lost)))
        self._positions |= self._try_until_answered(partial(self._load, sorted(lost))) or {}
        for part in lost:
            try:
                self._consumer.seek(TopicPartition(*part, self._positions[part]))
            except KafkaException as gone:  # no longer ours; what is still ours is dropped up to its position
                log.warning("%s/%d: not sought: %s", *part, gone.args[0].name())

    def _tell_kafka(self, positions: Mapping[Part, int]) -> None:
        """Tell Kafka how far we are, for its own tools. Nothing of ours rests on it."""
        try:
            offsets = [TopicPartition(*part, offset) for part, offset in positions.items()]
            self._consumer.commit(offsets=offsets, asynchronous=True)
        except KafkaException as away:
            log.warning("Kafka was not told how far it was read: %s", away.args[0].name())

    def _note_lag(self) -> None:
        for part, position in self._positions.items():
            marks = self._consumer.get_watermark_offsets(TopicPartition(*part), cached=True)
            lag.labels(part[0], str(part[1])).set(max(0, marks[1] - position) if marks else 0)

    def _note_fault(self, fault: KafkaError, topic: str = "") -> None:
        if fault.code() != KafkaError.UNKNOWN_TOPIC_OR_PART:
            log.warning("Kafka: %s", fault.name())
        elif topic not in self._missing:
            self._missing.add(topic)
            log.warning("Kafka has no topic %s yet: it is read as soon as there is one", topic or "of those named")


def _get_body(message: Message) -> bytes | None:
    body = message.value()
    return body.encode() if isinstance(body, str) else body
