"""Callers that ask for recommendations and send events over connections that they keep for a while."""

from __future__ import annotations

import http.client
import itertools
import json
import random
import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from typing import Any, NamedTuple, Self

from sqlalchemy import Engine, select

from store.database import read_transaction
from store.tables import events
from tests.support.web_processes import Site, ask

CLIENTS = 16
ASKERS = 4
SENDERS = 2
TOGETHER = 3
"""Events in one request."""
REST_S = 0.01
LONGEST_KEPT = 40
"""Requests over one connection."""


class Answer(NamedTuple):
    """What a caller got. `decision`: its id on record."""

    client_id: str
    items: list[str]
    decision: str | None
    degraded: bool
    seconds: float


class Failure(NamedTuple):
    """A request that got no answer: by which port, opened when, and when it failed."""

    port: int
    opened: float
    failed: float


def name_client(number: int) -> str:
    """The id of a client."""
    return f"client-{number:02d}"


def name_piece(number: int) -> str:
    """The id of the one piece that the client of this number lacks."""
    return f"piece-{number:02d}"


class WebLoad:
    """The callers, each a thread; they ask until the block ends. `wrong`: what no caller may see."""

    def __init__(self, site: Site, engine: Engine, seed: int) -> None:
        self._site, self._engine, self._seed = site, engine, seed
        self._ended = threading.Event()
        self.answers: list[Answer] = []
        self.failures: list[Failure] = []
        self.wrong: list[str] = []
        self.sent: list[str] = []
        self.taken: list[str] = []
        self._numbers = itertools.count()
        steps = [self._ask_for_items] * ASKERS + [self._send_events] * SENDERS
        self._threads = [threading.Thread(target=self._run, args=one) for one in enumerate(steps)]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(30)

    def describe(self) -> str:
        """How much was asked, and how it was answered."""
        times = sorted(one.seconds for one in self.answers)
        degraded = sum(one.degraded for one in self.answers)
        return (
            f"{len(times)} answers ({degraded} with something missing), p50 {times[len(times) // 2] * 1_000:.1f} ms, "
            f"p99 {times[len(times) * 99 // 100] * 1_000:.0f} ms, longest {times[-1] * 1_000:.0f} ms; "
            f"{len(self.taken)} events acknowledged; {len(self.failures)} requests failed"
        )

    def _run(self, place: int, step: Callable[[_Line, random.Random], None]) -> None:
        chance = random.Random(f"{self._seed}-{place}")
        try:
            while not self._ended.is_set():
                self._use_connection(chance, step)
        except Exception as unexpected:  # a thread that ended here would see nothing more
            self.wrong.append(repr(unexpected))

    def _use_connection(self, chance: random.Random, step: Callable[[_Line, random.Random], None]) -> None:
        line = _Line(self._site)
        with closing(line.connection):
            for _ in range(chance.randint(1, LONGEST_KEPT)):
                try:
                    step(line, chance)
                except (OSError, http.client.HTTPException):
                    self.failures.append(Failure(line.port, line.opened, time.monotonic()))
                    return
                if self._ended.wait(REST_S):
                    return

    def _ask_for_items(self, line: _Line, chance: random.Random) -> None:
        number = chance.randrange(CLIENTS)
        client_id, context = name_client(number), chance.choice(("home", "email"))
        began = time.monotonic()
        status, body = line.ask(f"/v1/recommendations?client_id={client_id}&context={context}&n={CLIENTS}")
        seconds = time.monotonic() - began
        if status != 200:
            self.wrong.append(f"{status} {body!r}")
            return
        said = json.loads(body)
        items = [one["item_id"] for one in said["items"]]
        right = [name_piece(number)] if not said["degraded"] else [name_piece(one) for one in range(CLIENTS)]
        if (said["client_id"], sorted(items)) != (client_id, right) or said["decision"] is None:
            self.wrong.append(f"for {client_id}: {body!r}")
        self.answers.append(Answer(client_id, items, said["decision"], bool(said["degraded"]), seconds))

    def _send_events(self, line: _Line, chance: random.Random) -> None:
        """Send events of some clients at once, whose lists are ranked together then; acknowledged, they are in the
        database."""
        sent = [self._build_event(number) for number in chance.sample(range(CLIENTS), TOGETHER)]
        ids = {one["event_id"] for one in sent}
        self.sent += ids
        status, body = line.ask("/v1/events", sent)
        if status != 202 or set(json.loads(body)["accepted"]) != ids:
            self.wrong.append(f"{ids}: {status} {body!r}")
            return
        with read_transaction(self._engine) as connection:
            if set(connection.scalars(select(events.c.event_id).where(events.c.event_id.in_(ids)))) != ids:
                self.wrong.append(f"{ids} were acknowledged before they were in the database")
        self.taken += ids

    def _build_event(self, number: int) -> dict[str, str]:
        about = {"client_id": name_client(number), "item_id": name_piece(number), "type": "item_viewed"}
        at = datetime.now(UTC).isoformat()
        return {"event_id": f"seen-{next(self._numbers)}", "occurred_at": at, **about}


class _Line:
    """A connection, its port on this side, and when it was opened."""

    def __init__(self, site: Site) -> None:
        self._headers = site.key
        self.connection = site.connect()
        self.connection.connect()
        self.opened = time.monotonic()
        self.port: int = self.connection.sock.getsockname()[1]

    def ask(self, path: str, body: Any = None) -> tuple[int, bytes]:
        """Ask by it."""
        return ask(self.connection, path, body, self._headers)[:2]
