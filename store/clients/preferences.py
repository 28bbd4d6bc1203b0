"""Tastes: what each client's signals add up to, folded in by a nightly pass; what came since is added when one is read.

So an event costs ingestion nothing, is folded once, and counts from the moment it is in. One that comes in late, with a
time that the pass had gone by, sends its client's sums away; the next pass makes them anew from that client's events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Engine, Select, and_, delete, func, or_, select

from domain.profiles import CATEGORY, COLOUR, QUIZ, SIGNALS, STYLE, Happened, Taste, looked, words_of
from models.base import ClientId
from store.database import write_transaction
from store.events.rows import EventRow
from store.sql.bulk import among, write
from store.sql.epoch import epoch
from store.sql.types import micros
from store.tables import clients, events, items, tastes

BATCH: Final = 2_000
"""Clients of one transaction."""
TYPES: Final = frozenset(SIGNALS) - {"fix_kept", "fix_sent_back"} | {"fix_feedback", QUIZ}
_ABOUT: Final = {"categories": CATEGORY, "colours": COLOUR, "styles": STYLE}

Progress = Callable[[int], None]
"""Told how many more clients are done."""


def taste_of(connection: Connection, client_id: ClientId, now: datetime) -> Taste:
    """One client's taste from all that happened up to `now`."""
    kept = connection.execute(
        select(tastes.c.sums, tastes.c.until).where(tastes.c.client_id == client_id)
    ).one_or_none()
    if kept is None or kept.until > now:
        kept = None
    since = None if kept is None else events.c.occurred_at > kept.until
    query = _happened(now).where(events.c.client_id == client_id)
    rows = connection.execute(query if since is None else query.where(since)).all()
    taste = Taste(dict(kept.sums) if kept else {})
    for happened in _read(connection, rows).get(client_id, ()):
        taste.add(happened)
    return taste


def fold(engine: Engine, now: datetime, progress: Progress = lambda _: None) -> int:
    """Add everybody's events up to `now` to their sums; returns how many clients there are. The nightly pass."""
    last: str | None = ""
    done = 0
    while last is not None:
        with write_transaction(engine) as connection:
            ids = _next_clients(connection, last)
            _fold(connection, ids, now)
        last = ids[-1] if ids else None
        done += len(ids)
        progress(len(ids))
    return done


def send_away_late(connection: Connection, fresh: Iterable[EventRow]) -> None:
    """Forget the sums of clients of whom something came in that their last pass had gone by."""
    until = connection.execute(select(func.max(tastes.c.until))).scalar()
    if until is None:
        return
    edge = micros(until)
    if late := {row.client_id for row in fresh if row.occurred_at <= edge and row.type in TYPES}:
        connection.execute(delete(tastes).where(among(connection, tastes.c.client_id, late)))


def anew(engine: Engine, now: datetime, progress: Progress = lambda _: None) -> int:
    """Make everybody's sums from all their events: needed when items were given other words."""
    with write_transaction(engine) as connection:
        connection.execute(delete(tastes))
    return fold(engine, now, progress)


def _next_clients(connection: Connection, after: str) -> list[str]:
    """The lock is the one that ingestion takes: neither sees half of what the other does."""
    c = clients.c
    query = select(c.client_id).where(c.client_id > after).order_by(c.client_id).limit(BATCH)
    return list(connection.scalars(query.with_for_update(key_share=True)))


def _fold(connection: Connection, ids: Sequence[str], now: datetime) -> None:
    t = tastes.c
    kept = {row.client_id: row for row in connection.execute(select(tastes).where(among(connection, t.client_id, ids)))}
    new = or_(t.until.is_(None), events.c.occurred_at > t.until)
    query = _happened(now, events.outerjoin(tastes, t.client_id == events.c.client_id))
    found = _read(connection, connection.execute(query.where(among(connection, events.c.client_id, ids), new)).all())
    rows = []
    for client_id, happened in found.items():
        taste = Taste(dict(kept[client_id].sums) if client_id in kept else {})
        for each in happened:
            taste.add(each)
        rows.append((client_id, micros(now), orjson.dumps(taste.sums).decode()))
    write(connection, tastes, ("client_id", "until", "sums"), rows, "replace")


def _happened(now: datetime, source: Any = events) -> Select[Any]:
    """What says something of taste, up to `now`, by client and time; a scanner's or proxy's click does not."""
    e = events.c
    by_machine = and_(e.type == "email_clicked", e.data["machine"].as_boolean().is_(True))
    columns = (e.client_id, e.type, epoch(e.occurred_at).label("at"), e.item_id, e.quantity, e.data)
    return (
        select(*columns)
        .select_from(source)
        .where(e.type.in_(sorted(TYPES)), e.occurred_at <= now, by_machine.is_not(True))
        .order_by(e.client_id, e.occurred_at, e.event_id)
    )


def _read(connection: Connection, rows: Sequence[Any]) -> dict[str, list[Happened]]:
    """By client, in the order of time."""
    words = _words(connection, {row.item_id for row in rows if row.item_id})
    known = _vocabulary(connection) if any(row.type == "searched" and row.data for row in rows) else {}
    found: dict[str, list[Happened]] = {}
    for row in rows:
        found.setdefault(row.client_id, []).extend(_signals(row, words, known))
    return found


def _signals(row: Any, words: Mapping[str, tuple[str, ...]], known: Mapping[str, str]) -> Iterator[Happened]:
    data, about = row.data or {}, words.get(row.item_id or "", ())
    match row.type:
        case "quiz_answered":
            yield Happened(QUIZ, row.at, tuple(letter for name, letter in _ABOUT.items() if data.get(name)))
        case "fix_feedback":
            yield Happened("fix_kept" if data.get("kept") else "fix_sent_back", row.at, about)
        case "searched":
            asked = dict.fromkeys(known[word] for word in _searched(data.get("query") or "") if word in known)
            yield Happened("searched", row.at, tuple(asked))
        case "item_viewed":
            yield Happened("item_viewed", row.at, about, looked(data.get("dwell_seconds")))
        case kind:
            yield Happened(kind, row.at, about)


def _searched(query: str) -> list[str]:
    """Single words and pairs of neighbours, as they are compared."""
    words = query.casefold().split()
    return [*words, *(" ".join(pair) for pair in pairwise(words))]


def _words(connection: Connection, item_ids: set[str]) -> dict[str, tuple[str, ...]]:
    i = items.c
    query = select(i.item_id, i.category, i.colour, i.tags).where(among(connection, i.item_id, item_ids))
    return {row.item_id: words_of(row.category, row.colour, row.tags) for row in connection.execute(query)}


def _vocabulary(connection: Connection) -> dict[str, str]:
    """The shop's categories and colours, as a search may name them."""
    i = items.c
    named = connection.execute(select(i.category, i.colour).distinct())
    return {word.partition(":")[2]: word for row in named for word in words_of(row.category, row.colour, ())}
