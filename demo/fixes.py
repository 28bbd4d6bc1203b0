"""Fixes of the demo: some clients ask for a box, a stylist looks at what is proposed, and clients say what they keep.

All over HTTP like a shop's own systems. A Fix that somebody else asked for, by command say, is theirs to decide. Who
asks, what the stylist does and what is kept follow from ids, so that a second run does the same and asks for nothing
twice.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final, NamedTuple

from sqlalchemy import Engine, select

from demo.timeline import Raw
from demo.web_client import DAY, WebClient
from models.fixes import FixState, ItemState
from store.database import read_transaction
from store.tables import fix_items, fixes

log = logging.getLogger("selvedge.demo.fixes")

EVERY_DAYS: Final = 2
"""One client asks each so many business days; on each of the first five days, one more."""
WAVES: Final = 0.3
"""Of those who ask, so many wait for the wave."""
APPROVES: Final = 0.93
"""The rest is rejected."""
SWAPS: Final = 0.25
"""Of approved boxes, one item in so many is swapped first."""
KEEPS: Final = 0.6
OWN: Final = "demo-"
"""How the keys of the demo's own requests begin."""
NOTES: Final = (
    "I need a coat for the winter, please nothing in black.",
    "A week by the sea in spring: I would love a dress. No knitwear.",
    "Something for the office. Please no jeans, and under 400 in all.",
    "Nothing in rust, please.",
    None,
    None,
)
LATEST_FEEDBACK: Final = timedelta(days=9)


class ClientRequest(NamedTuple):
    """A client's request for a Fix at business time `at`."""

    at: datetime
    client_id: str
    body: dict[str, Any]


def list_requests(start: datetime, day: int, clients: int) -> Iterator[ClientRequest]:
    """List who asks for a Fix on the demo's `day`, counted from `start`; clients are numbered from 1 to `clients`."""
    rng = Random(f"fixes of day {day}")
    for index in range(int(day % EVERY_DAYS == 0) + int(day < 5)):
        body: dict[str, Any] = {"request_key": f"{OWN}{day}-{index}", "when": "wave" if rng.random() < WAVES else "now"}
        note = rng.choice(NOTES)
        if note is not None:
            body["note"] = note
        if rng.random() < 0.4:
            body["budget"] = rng.choice(("350", "500", "650"))
        at = start + day * DAY + timedelta(hours=rng.uniform(1, 20))
        yield ClientRequest(at, f"client{rng.randint(1, clients):05d}", body)


class FixPlayer:
    """Plays clients and a stylist. `start`: day 0, in business time; `reached`: business time from which it plays."""

    def __init__(self, start: datetime, reached: datetime, clients: int, engine: Engine, web: WebClient) -> None:
        self._start, self._reached, self._clients = start, reached, clients
        self._engine, self._web = engine, web

    def play_round(self, now: datetime) -> None:
        """Do what fell due up to business time `now`. What the web process cannot do now is tried again."""
        for day in range((self._reached - self._start) // DAY, (now - self._start) // DAY + 1):
            for ask in list_requests(self._start, day, self._clients):
                if self._reached < ask.at <= now:
                    self._send(f"/v1/clients/{ask.client_id}/fixes", ask.body)
        for fix_id, body in self._list_decisions(now):
            if not self._send(f"/v1/fixes/{fix_id}/decision", body) and body.get("swaps"):
                self._send(f"/v1/fixes/{fix_id}/decision", body | {"swaps": []})  # the swap breaks a rule: as it is
        events = list_feedback(self._engine, self._reached, now)
        if events:
            self._web.post("/v1/events", json={"events": events}).raise_for_status()
        self._reached = now

    def _send(self, address: str, body: dict[str, Any]) -> bool:
        """Return whether it was accepted: another Fix of theirs may be open, or the box changed meanwhile."""
        response = self._web.post(address, json=body)
        if response.status_code >= 400:
            log.info("%s: %s", address, response.status_code)
        return bool(response.status_code < 400)

    def _list_decisions(self, now: datetime) -> Iterator[tuple[str, dict[str, Any]]]:
        """List what the stylist decides: each box of the demo's own, some business hours after it was proposed."""
        with read_transaction(self._engine) as connection:
            own = (fixes.c.state == FixState.PROPOSED) & fixes.c.request_key.startswith(OWN)
            waiting = connection.execute(select(fixes).where(own)).all()
            for row in waiting:
                rng = Random(f"stylist {row.fix_id} {row.assembled}")
                if now >= row.updated_at + timedelta(hours=rng.uniform(2, 20)):
                    held_skus = select(fix_items.c.sku).where(
                        fix_items.c.fix_id == row.fix_id, fix_items.c.state == ItemState.HELD
                    )
                    yield row.fix_id, _decide(rng, row, list(connection.scalars(held_skus.order_by(fix_items.c.sku))))


def _decide(rng: Random, row: Any, box: list[str]) -> dict[str, Any]:
    if rng.random() >= APPROVES:
        return {"verdict": "reject", "by": "robin"}
    swaps = []
    spare = [candidate["sku"] for candidate in row.candidates["items"] if candidate["sku"] not in box]
    if box and spare and row.code != "swapped" and rng.random() < SWAPS:
        swaps = [{"out": rng.choice(box), "into": rng.choice(spare[:20])}]
    return {"verdict": "approve", "swaps": swaps, "by": "robin"}


def list_feedback(engine: Engine, after: datetime, until: datetime) -> list[Raw]:
    """List what clients say in (after, until] of boxes shipped before; the same for the same boxes, whenever asked."""
    with read_transaction(engine) as connection:
        sent = connection.execute(
            select(fixes.c.client_id, fixes.c.shipped_at, fix_items)
            .join(fix_items, fix_items.c.fix_id == fixes.c.fix_id)
            .where(fixes.c.shipped_at > after - LATEST_FEEDBACK, fixes.c.shipped_at <= until)
            .where(fix_items.c.state != ItemState.RELEASED)
        ).all()
    events = [_build_feedback(item) for item in sent]
    return [event for event in events if after < datetime.fromisoformat(event["occurred_at"]) <= until]


def _build_feedback(item: Any) -> Raw:
    rng = Random(f"feedback {item.fix_id}")
    at = item.shipped_at + timedelta(days=rng.uniform(3, 8))
    rng = Random(f"feedback {item.fix_id} {item.sku}")
    fit = rng.choices(("fit", "small", "large"), (74, 13, 13))[0]
    kept = rng.random() < (KEEPS if fit == "fit" else 0.1)
    return {
        "event_id": f"demo-{item.fix_id}-{item.sku}"[:64],
        "client_id": item.client_id,
        "type": "fix_feedback",
        "occurred_at": (at + timedelta(minutes=rng.uniform(0, 20))).isoformat(timespec="seconds"),
        "fix_id": item.fix_id,
        "item_id": item.item_id,
        "kept": kept,
        "fit": fit,
        "style": rng.randint(3, 5) if kept else rng.randint(1, 4),
        "price": "fair" if kept else rng.choice(("fair", "too_high")),
    }
