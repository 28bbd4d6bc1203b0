"""Takes messages of streams in: the rows, the dead letters and how far the stream was read in one transaction, so that
each message counts once, whoever is killed when."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, Engine

from domain import permissions
from domain.dead_letters import choose_code
from domain.permissions import Action
from errors import BadInput, Unavailable
from ingest.kinds import KINDS, ImportContext
from ingest.stream_rows import StreamMessage, StreamRow, bury_failed, bury_row, hide_erased, read_rows
from models.actors import SYSTEM, Actor, Subject, SubjectKind
from models.dead_letters import LetterSource
from models.visits import VisitEvent
from services.visits.visits import save_visit_events
from store.activity import write_activity
from store.catalogue.catalogue import find_known_items
from store.clock import load_clock
from store.database import write_transaction
from store.events.dead_letters import NewLetter, save_letters
from store.events.stream_offsets import Part, move_offset
from store.mail.policy import ShopPolicy
from store.mail.suppressions import find_erased

log = logging.getLogger("selvedge.streams")

STREAM: Final = Subject(kind=SubjectKind.DATA, id="streams")
ORDER: Final = (LetterSource.ITEMS, LetterSource.STOCK, LetterSource.EVENTS)
"""What others need comes first."""


class SavedRows(NamedTuple):
    """What became of rows; `letters`: of those that the rules refuse."""

    accepted: int
    duplicates: int
    letters: list[NewLetter]


@dataclass
class TakenMessages:
    """What became of messages. `positions`: how far each part was read now; `lost`: parts that somebody else reads by
    now, of which nothing was taken in; `counts`: rows by source and result."""

    positions: dict[Part, int] = field(default_factory=dict)
    lost: set[Part] = field(default_factory=set)
    counts: Counter[tuple[LetterSource, str]] = field(default_factory=Counter)


class StreamIntake:
    """Takes messages in. `sources`: what each topic holds."""

    def __init__(
        self, engine: Engine, policy: ShopPolicy, sources: Mapping[str, LetterSource], actor: Actor = SYSTEM
    ) -> None:
        self._engine, self._policy, self._sources, self._actor = engine, policy, sources, actor

    def take(
        self, messages: Sequence[StreamMessage], positions: Mapping[Part, int], real_now: datetime
    ) -> TakenMessages:
        """Take messages in, each part's in their order; `positions`: how far each was read before. Where one fails, all
        are taken in one by one, and that one becomes a dead letter; where the database goes away among them, those from
        the positions returned on are still to be taken in. Raises Unavailable; then nothing was taken in."""
        permissions.require(self._actor, Action.TAKE_STREAM)
        try:
            return self._take(messages, positions, real_now)
        except Unavailable:
            raise
        except Exception as fault:
            if len(messages) > 1:
                return self._take_singly(messages, positions, real_now)
            # The traceback of a driver may hold what the message says.
            log.error("a message failed and is a dead letter now: %s at %s", type(fault).__name__, messages[0].place)
            return self._take(messages, positions, real_now, bury=True)

    def _take_singly(
        self, messages: Sequence[StreamMessage], positions: Mapping[Part, int], real_now: datetime
    ) -> TakenMessages:
        taken = TakenMessages(dict(positions))
        for message in messages:
            if message.part in taken.lost:
                continue
            try:
                single = self.take([message], taken.positions, real_now)
            except Unavailable:
                if taken.positions == positions and not taken.lost:
                    raise
                return taken
            taken.positions |= single.positions
            taken.lost |= single.lost
            taken.counts += single.counts
        return taken

    def _take(
        self,
        messages: Sequence[StreamMessage],
        positions: Mapping[Part, int],
        real_now: datetime,
        *,
        bury: bool = False,
    ) -> TakenMessages:
        taken = TakenMessages()
        ends = {message.part: message.offset + 1 for message in messages}
        with write_transaction(self._engine) as connection:
            for part in sorted(ends):  # one order for all, so that two consumers cannot lock each other out
                if move_offset(connection, part, positions[part], ends[part]):
                    taken.positions[part] = ends[part]
                else:
                    taken.lost.add(part)
            held = [message for message in messages if message.part in taken.positions]
            now = load_clock(connection).business(real_now)
            context = ImportContext(self._actor, self._policy, now, real_now)
            for source in ORDER:
                ours = [message for message in held if self._sources[message.part[0]] is source]
                self._take_source(connection, source, ours, context, taken.counts, bury=bury)
            if held:
                data = {f"{source}_{result}": count for (source, result), count in sorted(taken.counts.items())}
                write_activity(connection, self._actor, Action.TAKE_STREAM, STREAM, now, real_now, data)
        return taken

    @staticmethod
    def _take_source(
        connection: Connection,
        source: LetterSource,
        messages: Sequence[StreamMessage],
        context: ImportContext,
        counts: Counter[tuple[LetterSource, str]],
        *,
        bury: bool,
    ) -> None:
        if not messages:
            return
        rows: list[StreamRow] = []
        letters: list[NewLetter] = []
        for message in messages:
            if bury:
                letters += bury_failed(source, message)
                continue
            read, wrong = read_rows(source, message)
            rows += read
            letters += wrong
        saved = save_rows(connection, source, rows, context)
        letters += saved.letters
        named = {letter.client_id for letter in letters if letter.client_id}
        letters = hide_erased(letters, find_erased(connection, context.terms.signing_key, named))
        save_letters(connection, letters, context.real_now)
        counts[source, "accepted"] += saved.accepted
        counts[source, "duplicate"] += saved.duplicates
        counts[source, "dead"] += len(letters)


def save_rows(
    connection: Connection, source: LetterSource, rows: Sequence[StreamRow], context: ImportContext
) -> SavedRows:
    """Save rows of one source by the same rules as the API's and files'."""
    if source is not LetterSource.EVENTS:
        return _save_kind(connection, source, "catalogue" if source is LetterSource.ITEMS else "stock", rows, context)
    of_visits = [row for row in rows if isinstance(row.model, VisitEvent)]
    of_clients = [row for row in rows if not isinstance(row.model, VisitEvent)]
    saved = _save_kind(connection, source, "events", of_clients, context)
    if not of_visits:
        return saved
    visited = _save_visits(connection, of_visits, context)
    return SavedRows(
        saved.accepted + visited.accepted, saved.duplicates + visited.duplicates, saved.letters + visited.letters
    )


def _save_kind(
    connection: Connection, source: LetterSource, kind: str, rows: Sequence[StreamRow], context: ImportContext
) -> SavedRows:
    if not rows:
        return SavedRows(0, 0, [])
    result = KINDS[kind].save(connection, [row.model for row in rows], context)
    return SavedRows(result.new + result.changed, result.same, _bury_refused(source, rows, result.refused))


def _save_visits(connection: Connection, rows: Sequence[StreamRow], context: ImportContext) -> SavedRows:
    models = [row.model for row in rows if isinstance(row.model, VisitEvent)]
    known = find_known_items(connection, {event.item_id for event in models if event.item_id})

    def find_items(event: VisitEvent) -> list[str]:
        if event.item_id is None:
            raise BadInput("the search of a visit comes in by the API, which has the index", "query")
        if event.item_id not in known:
            raise BadInput("unknown item", "item_id")
        return [event.item_id]

    result = save_visit_events(
        connection, context.actor, models, context.terms, find_items, context.now, context.real_now
    )
    refused = [(one.index, one.field, one.reason) for one in result.refused]
    return SavedRows(len(result.accepted), len(result.duplicates), _bury_refused(LetterSource.EVENTS, rows, refused))


def _bury_refused(source: LetterSource, rows: Sequence[StreamRow], refused: Sequence[Any]) -> list[NewLetter]:
    letters = []
    for index, name, reason in refused:
        row = rows[index]
        letters.append(bury_row(source, row.message, row.number, row.sent, choose_code(name, reason), name))
    return letters
