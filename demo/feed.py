"""Plays the demo: as business time passes, signups and events arrive over HTTP like those of a real shop's systems.

`python -m demo.feed` runs beside the web process. How far it came is kept as a moment of business time, and every
event's id follows from its client and place, so that a second run goes on where the first stopped and sends nothing
twice to any effect.
"""

from __future__ import annotations

import argparse
import json
import logging
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import httpx
from sqlalchemy import Engine

from demo import shop
from demo.fixes import FixPlayer
from demo.reactions import list_reactions
from demo.timeline import Raw, Timeline
from demo.web_client import DAY, WebClient
from models.clients import ClientRow
from settings import Settings, load
from store import clock
from store.database import connect, read_transaction

log = logging.getLogger("selvedge.demo.feed")

TICK_S: Final = 0.5
BATCH: Final = 500


class Cursor:
    """How far the feed came, kept in a file: `start` is day 0, `reached` the latest moment that was sent."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self) -> tuple[datetime, datetime]:
        """Return (start, reached)."""
        saved = json.loads(self._path.read_text())
        return datetime.fromisoformat(saved["start"]), datetime.fromisoformat(saved["reached"])

    def save(self, start: datetime, reached: datetime) -> None:
        """Save both in a file beside and move it over, so that a kill leaves the old or the new one."""
        fresh = self._path.with_suffix(".new")
        fresh.write_text(json.dumps({"start": start.isoformat(), "reached": reached.isoformat()}))
        fresh.replace(self._path)


def build_cursor_path(settings: Settings) -> Path:
    """Return the path of the file that holds how far the demo came."""
    return settings.home / "demo" / "feed.json"


class Feed:
    """Sends what fell due since the last round. `web` speaks to the machine API."""

    def __init__(self, timeline: Timeline, cursor: Cursor, engine: Engine, web: WebClient) -> None:
        self._timeline, self._cursor, self._engine, self._web = timeline, cursor, engine, web

    def send_due_events(self, now: datetime) -> int:
        """Send everything up to business time `now`; returns how many events were new to the shop.

        Raises httpx.HTTPError when the web process does not answer; the next round sends it again.
        """
        start, reached = self._cursor.load()
        if now <= reached:
            return 0
        accepted = 0
        days = range((reached - start) // DAY, (now - start) // DAY + 1)
        for row in self._signups(days, reached, now):
            self._put(row)
        events = [event for day in days for event in self._timeline.list_day_events(day)]
        events += list_reactions(self._engine, reached, now)
        due = sorted((event for event in events if reached < _when(event) <= now), key=_when)
        for first in range(0, len(due), BATCH):
            accepted += self._post(due[first : first + BATCH])
        self._cursor.save(start, now)
        return accepted

    def _signups(self, days: range, reached: datetime, now: datetime) -> Iterator[ClientRow]:
        for day in days:
            for person in self._timeline.list_signups(day):
                at = person.row.signed_up_at
                if at is not None and reached < at <= now:
                    yield person.row

    def _put(self, row: ClientRow) -> None:
        body = row.model_dump(mode="json", exclude={"client_id"})
        self._web.put(f"/v1/clients/{row.client_id}", json=body).raise_for_status()

    def _post(self, events: Sequence[Raw]) -> int:
        answer = self._web.post("/v1/events", json={"events": list(events)}).raise_for_status().json()
        for refusal in answer["refused"]:
            log.warning("refused %s: %s", refusal.get("event_id"), refusal.get("field"))
        return len(answer["accepted"])


def _when(event: Raw) -> datetime:
    return datetime.fromisoformat(event["occurred_at"])


def play(rounds: Sequence[Callable[[datetime], object]], now: Callable[[], datetime], stop: threading.Event) -> None:
    """Play all `rounds` in turn until `stop`; wait for a web process that is away for a while."""
    while not stop.wait(TICK_S):
        try:
            for play_round in rounds:
                play_round(now())
        except httpx.HTTPError as error:
            log.warning("the web process does not take events (%s); trying again", type(error).__name__)
            stop.wait(1.0)


def main() -> None:
    """Play until SIGTERM or SIGINT."""
    description = "Play the shop's clients against the web process until stopped; `selvedge demo` starts this."
    argparse.ArgumentParser(prog="python -m demo.feed", description=description).parse_args()
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    settings, stop = load(), threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    engine, cursor = connect(settings.database), Cursor(build_cursor_path(settings))

    def now() -> datetime:
        with read_transaction(engine) as connection:
            return clock.load_business_time(connection, datetime.now(UTC))

    headers = {"Authorization": f"Bearer {settings.keys.api}"}
    address = f"http://{settings.web_host}:{settings.web_port}"
    with httpx.Client(base_url=address, headers=headers, timeout=20, trust_env=False) as web:
        start, reached = cursor.load()
        fix_player = FixPlayer(start, reached, shop.CLIENTS, engine, web)
        play([Feed(shop.build_timeline(start), cursor, engine, web).send_due_events, fix_player.play_round], now, stop)


if __name__ == "__main__":
    main()
