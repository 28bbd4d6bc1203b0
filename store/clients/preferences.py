"""Clients' preferences: decayed sums of each client's signals, folded in nightly; newer signals are added when they are
read.

So an event costs ingestion nothing, is folded in once, and counts as soon as it is stored. An event that comes in late,
older than its client's last pass, deletes that client's sums; the next pass rebuilds them from all the client's events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, Final

import orjson
from sqlalchemy import Connection, Engine, Select, and_, delete, exists, func, or_, select

from domain.profiles import (
    CATEGORY,
    COLOUR,
    QUIZ,
    SIGNALS,
    STYLE,
    PreferenceEvent,
    PreferenceSums,
    list_item_words,
    scale_dwell,
)
from models.base import ClientId
from store.clients.purposes import match_refused
from store.database import write_transaction
from store.events.rows import EventRow
from store.sql.bulk import among, write_rows
from store.sql.epoch import epoch
from store.sql.types import to_micros
from store.tables import clients, events, items, tastes

BATCH: Final = 2_000
"""Clients folded in one transaction."""
TYPES: Final = frozenset(SIGNALS) - {"fix_kept", "fix_sent_back"} | {"fix_feedback", QUIZ}
_ABOUT: Final = {"categories": CATEGORY, "colours": COLOUR, "styles": STYLE}

OnProgress = Callable[[int], None]
"""Called with the number of clients done since the last call."""


def load_preferences(connection: Connection, client_id: ClientId, now: datetime) -> PreferenceSums:
    """Load one client's preferences from all that happened up to `now`; none of who refuses to be profiled."""
    refuses = exists().where(clients.c.client_id == client_id, match_refused())
    if connection.scalar(select(refuses)):
        return PreferenceSums({})
    stored = connection.execute(
        select(tastes.c.sums, tastes.c.until).where(tastes.c.client_id == client_id)
    ).one_or_none()
    if stored is None or stored.until > now:
        stored = None
    since = None if stored is None else events.c.occurred_at > stored.until
    query = _events_query(now).where(events.c.client_id == client_id)
    rows = connection.execute(query if since is None else query.where(since)).all()
    preferences = PreferenceSums(dict(stored.sums) if stored else {})
    for signal in _group_signals(connection, rows).get(client_id, ()):
        preferences.add(signal)
    return preferences


def fold_preferences(engine: Engine, now: datetime, progress: OnProgress = lambda _: None) -> int:
    """Add all clients' events up to `now` to their sums, and return how many clients there are. The nightly pass."""
    last: str | None = ""
    done = 0
    while last is not None:
        with write_transaction(engine) as connection:
            ids = _lock_next_clients(connection, last)
            _fold_clients(connection, ids, now)
        last = ids[-1] if ids else None
        done += len(ids)
        progress(len(ids))
    return done


_LATEST: Final = select(func.max(tastes.c.until))


def delete_outdated(connection: Connection, fresh: Iterable[EventRow]) -> None:
    """Delete the sums of clients who sent a late event, one older than their last pass."""
    until = connection.execute(_LATEST).scalar()
    if until is None:
        return
    edge = to_micros(until)
    if late := {row.client_id for row in fresh if row.occurred_at <= edge and row.type in TYPES}:
        connection.execute(delete(tastes).where(among(connection, tastes.c.client_id, late)))


def rebuild_preferences(engine: Engine, now: datetime, progress: OnProgress = lambda _: None) -> int:
    """Rebuild all sums from all events: needed when items get other categories, colours or tags."""
    with write_transaction(engine) as connection:
        connection.execute(delete(tastes))
    return fold_preferences(engine, now, progress)


def _lock_next_clients(connection: Connection, after: str) -> list[str]:
    """Load and lock the next clients who do not refuse to be profiled. Ingestion takes the same lock, so neither sees
    half of the other's work."""
    c = clients.c
    query = select(c.client_id).where(c.client_id > after, ~match_refused()).order_by(c.client_id).limit(BATCH)
    return list(connection.scalars(query.with_for_update(key_share=True)))


def _fold_clients(connection: Connection, ids: Sequence[str], now: datetime) -> None:
    t = tastes.c
    stored = {
        row.client_id: row for row in connection.execute(select(tastes).where(among(connection, t.client_id, ids)))
    }
    new = or_(t.until.is_(None), events.c.occurred_at > t.until)
    query = _events_query(now, events.outerjoin(tastes, t.client_id == events.c.client_id))
    by_client = _group_signals(
        connection, connection.execute(query.where(among(connection, events.c.client_id, ids), new)).all()
    )
    rows = []
    for client_id, client_signals in by_client.items():
        preferences = PreferenceSums(dict(stored[client_id].sums) if client_id in stored else {})
        for signal in client_signals:
            preferences.add(signal)
        rows.append((client_id, to_micros(now), orjson.dumps(preferences.sums).decode()))
    write_rows(connection, tastes, ("client_id", "until", "sums"), rows, "replace")


def _events_query(now: datetime, source: Any = events) -> Select[Any]:
    """Select the events that tell of preferences, up to `now`, by client and time; clicks by a scanner or proxy do
    not."""
    e = events.c
    by_machine = and_(e.type == "email_clicked", e.data["machine"].as_boolean().is_(True))
    columns = (e.client_id, e.type, epoch(e.occurred_at).label("at"), e.item_id, e.quantity, e.data)
    return (
        select(*columns)
        .select_from(source)
        .where(e.type.in_(sorted(TYPES)), e.occurred_at <= now, by_machine.is_not(True))
        .order_by(e.client_id, e.occurred_at, e.event_id)
    )


def _group_signals(connection: Connection, rows: Sequence[Any]) -> dict[str, list[PreferenceEvent]]:
    """Group the signals of these event rows by client, in the order of time."""
    words = _load_item_words(connection, {row.item_id for row in rows if row.item_id})
    vocabulary = _load_vocabulary(connection) if any(row.type == "searched" and row.data for row in rows) else {}
    signals: dict[str, list[PreferenceEvent]] = {}
    for row in rows:
        signals.setdefault(row.client_id, []).extend(_parse_signals(row, words, vocabulary))
    return signals


def _parse_signals(
    row: Any, words: Mapping[str, tuple[str, ...]], vocabulary: Mapping[str, str]
) -> Iterator[PreferenceEvent]:
    data, about = row.data or {}, words.get(row.item_id or "", ())
    match row.type:
        case "quiz_answered":
            yield PreferenceEvent(QUIZ, row.at, tuple(letter for name, letter in _ABOUT.items() if data.get(name)))
        case "fix_feedback":
            yield PreferenceEvent("fix_kept" if data.get("kept") else "fix_sent_back", row.at, about)
        case "searched":
            searched = dict.fromkeys(
                vocabulary[word] for word in _split_search(data.get("query") or "") if word in vocabulary
            )
            yield PreferenceEvent("searched", row.at, tuple(searched))
        case "item_viewed":
            yield PreferenceEvent("item_viewed", row.at, about, scale_dwell(data.get("dwell_seconds")))
        case kind:
            yield PreferenceEvent(kind, row.at, about)


def _split_search(query: str) -> list[str]:
    """Split a search into single words and pairs of neighbours, in plain form."""
    words = query.casefold().split()
    return [*words, *(" ".join(pair) for pair in pairwise(words))]


def _load_item_words(connection: Connection, item_ids: set[str]) -> dict[str, tuple[str, ...]]:
    i = items.c
    query = select(i.item_id, i.category, i.colour, i.tags).where(among(connection, i.item_id, item_ids))
    return {row.item_id: list_item_words(row.category, row.colour, row.tags) for row in connection.execute(query)}


def _load_vocabulary(connection: Connection) -> dict[str, str]:
    """Load the shop's categories and colours, as a search may name them."""
    i = items.c
    rows = connection.execute(select(i.category, i.colour).distinct())
    return {word.partition(":")[2]: word for row in rows for word in list_item_words(row.category, row.colour, ())}
