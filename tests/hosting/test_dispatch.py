"""Whatever goes wrong with one nudge or one round, the others still go out."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, update
from temporalio.service import RPCError, RPCStatusCode

from hosting.dispatch import TRIES, Dispatcher, Pace
from ingest.replays import retry_letter
from models.actors import SYSTEM
from models.dead_letters import LetterCode, LetterSource
from services.ingestion.dead_letters import list_letters
from store.database import connect, write_transaction
from store.events import outbox
from store.mail.policy import ShopPolicy
from store.tables import outbox as outbox_table
from tests.support.tables import create_tables


class Deaf:
    """A Temporal client that fails in a way of its own for the first calls, then takes everything."""

    def __init__(self, failures: int = 0, *, never: str = "") -> None:
        self.failures, self.never = failures, never
        self.started: list[str] = []
        self.signalled: list[tuple[str, str]] = []

    def get_workflow_handle(self, workflow_id: str) -> Running:
        return Running(workflow_id, self.signalled)

    async def start_workflow(self, *_given: Any, id: str, **_more: Any) -> None:
        if self.failures > 0 or (self.never and self.never in id):
            self.failures -= 1
            raise ValueError("not what anyone expected")
        self.started.append(id)


@dataclass
class Running:
    """A workflow that takes signals."""

    id: str
    taken: list[tuple[str, str]]

    async def signal(self, name: str, _order: Any) -> None:
        self.taken.append((self.id, name))


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    new_engine = connect(f"sqlite:///{tmp_path / 'x.db'}")
    yield new_engine
    new_engine.dispose()


def push(engine: Engine, *targets: str, kind: outbox.Kind = "client") -> None:
    with write_transaction(engine) as connection:
        outbox.push_nudges(connection, kind, targets, datetime.now(UTC))


async def test_a_nudge_that_cannot_be_sent_holds_up_no_other(engine: Engine) -> None:
    create_tables(engine)
    push(engine, "a", "bad", "c")
    client: Any = Deaf(never="bad")
    assert await Dispatcher(client, engine, 100).send_batch() == 3
    assert sorted(client.started) == ["client:a", "client:c"]
    with write_transaction(engine) as connection:
        assert outbox.count_pending(connection) == 1


async def test_the_rounds_go_on_after_any_fault(engine: Engine) -> None:
    """First the schema is not there yet, then the client fails."""
    client: Any = Deaf(failures=1)
    running = asyncio.create_task(Dispatcher(client, engine, 100).run())
    await asyncio.sleep(0.3)
    create_tables(engine)
    push(engine, "a")
    for _ in range(60):
        await asyncio.sleep(0.1)
        if client.started:
            break
    assert not running.done()
    running.cancel()
    assert client.started == ["client:a"]


async def test_each_kind_goes_its_own_way(engine: Engine) -> None:
    """A client or campaign comes to life by it; a Fix is only signalled."""
    create_tables(engine)
    push(engine, "ann")
    push(engine, "spring", kind="campaign")
    push(engine, "f1", kind="fix")
    client: Any = Deaf()
    assert await Dispatcher(client, engine, 100).send_batch() == 3
    assert sorted(client.started) == ["campaign:spring", "client:ann"]
    assert client.signalled == [("fix:f1", "nudge")]
    with write_transaction(engine) as connection:
        assert outbox.count_pending(connection) == 0


def test_the_pace_follows_what_the_server_takes() -> None:
    pace = Pace(60)
    pace.note(took_s=3.0, failures=0)
    pace.note(took_s=0.1, failures=2)
    assert pace.per_second == pytest.approx(26.7, abs=0.1)
    for _ in range(30):
        pace.note(took_s=9.0, failures=0)
    assert (pace.per_second, pace.batch) == (1.0, 1)
    for _ in range(10):
        pace.note(took_s=0.1, failures=0)
    assert pace.per_second == 60


class Strict(Deaf):
    """A Temporal client that calls one target wrong in itself."""

    async def start_workflow(self, *given: Any, id: str, **more: Any) -> None:
        if "wrong" in id:
            raise RPCError("no such thing", RPCStatusCode.INVALID_ARGUMENT, b"")
        await super().start_workflow(*given, id=id, **more)


async def test_what_temporal_refuses_for_good_becomes_a_dead_letter_that_can_be_tried_again(engine: Engine) -> None:
    create_tables(engine)
    push(engine, "ann", "wrong")
    client = Strict()
    dispatcher = Dispatcher(client, engine, 100)  # type: ignore[arg-type]
    for _ in range(TRIES + 1):
        await dispatcher.send_batch()
        with write_transaction(engine) as connection:
            connection.execute(update(outbox_table).values(due_at=datetime.now(UTC)))
    assert client.started == ["client:ann"]
    (letter,) = list_letters(engine).letters
    assert (letter.source, letter.code) == (LetterSource.OUTBOX, LetterCode.NOT_SENDABLE)
    with write_transaction(engine) as connection:
        assert outbox.count_pending(connection) == 0
    policy = ShopPolicy(currency="USD", time_zone="UTC", signing_key="a key for tests")
    now = datetime.now(UTC)
    assert retry_letter(engine, SYSTEM, letter.letter_id, policy, now, now).taken
    with write_transaction(engine) as connection:
        assert outbox.count_pending(connection) == 1
