"""Taking events in: one transaction a batch, idempotent by event id, in any order.

An event is a row, and it moves its client's statistics. Few change more: a signup starts the client's workflow; a
quiz, a change of consent, a complaint or a hard bounce changes the client; feedback on a Fix changes its box; and one
that lifts the client past the stored threshold nudges the workflow. Everything else touches only the store.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from domain.engagement import EVENT_WEIGHT
from models.events import EmailClicked, EmailOpened, Event, FixFeedback
from models.states import Phase
from store.clients.preferences import send_away_late
from store.clients.statistics import Counted, Statistics, absorb
from store.events import outbox
from store.events.effects import SPEAKING, change_consent, consent_said, keep_quizzes
from store.events.rows import COLUMNS, EventRow, row_of
from store.events.validator import EventValidator, Refusal
from store.fixes import feedback
from store.mail.policy import Terms
from store.sql.bulk import among, write
from store.tables import events as table
from store.tables import standings

_ONBOARDING_MOVES: Final = frozenset({"quiz_answered", "order_placed"})
_SLACK: Final = 1e-9  # of a score: a nudge too many costs little, one too few would be missed


@dataclass(frozen=True)
class Accepted:
    """What became of a batch. `nudged`: the clients whose workflow was asked to look."""

    accepted: list[str]
    duplicates: list[str]
    refused: list[Refusal]
    nudged: frozenset[str] = frozenset()


def accept(
    connection: Connection,
    batch: Sequence[Event],
    terms: Terms,
    now: datetime,
    real_now: datetime,
    *,
    notify: bool = True,
) -> Accepted:
    """Take a batch in. `now` is business time, `real_now` stamps the outbox; `notify=False` asks for no workflow.

    Must run in a transaction that writes (`store.database.writing`). An event id that is there already is a duplicate,
    whatever else the event says: the first one stays.
    """
    rows = [row_of(event) for event in batch]
    doors = EventValidator.read(connection, rows, terms, now)
    stored = _stored(connection, (row.event_id for row in rows))
    good: dict[str, tuple[Event, EventRow]] = {}
    duplicates: list[str] = []
    refused: list[Refusal] = []
    for index, (event, row) in enumerate(zip(batch, rows, strict=True)):
        if row.event_id in stored or row.event_id in good:
            duplicates.append(row.event_id)
        elif why := doors.refuse(event, row):
            refused.append(Refusal(index, row.event_id, *why))
        else:
            good[row.event_id] = event, row
    for event_id in _insert(connection, good):
        duplicates.append(event_id)
        del good[event_id]
    nudged = _effects(connection, list(good.values()), terms, now)
    answered = feedback.hear(connection, [event for event, _ in good.values() if isinstance(event, FixFeedback)])
    if notify:
        outbox.push(connection, "client", nudged, real_now)
        outbox.push(connection, "fix", answered, real_now)
    return Accepted(list(good), duplicates, refused, frozenset(nudged))


def _stored(connection: Connection, event_ids: Iterable[str]) -> set[str]:
    return set(connection.scalars(select(table.c.event_id).where(among(connection, table.c.event_id, event_ids))))


def _insert(connection: Connection, good: dict[str, tuple[Event, EventRow]]) -> list[str]:
    """Write the rows; returns the ids that another writer was quicker with."""
    # By key: near ones together in the index, and one order for all writers.
    written = write(connection, table, COLUMNS, [good[event_id][1] for event_id in sorted(good)], "keep")
    return [] if written is None else list(set(good) - set(written))


def _effects(connection: Connection, fresh: Sequence[tuple[Event, EventRow]], terms: Terms, now: datetime) -> set[str]:
    """Everything that follows from new events; returns the clients to nudge."""
    nudged = _of_type(fresh, {"signed_up"})
    counted = [_count(row) for event, row in fresh if row.type in EVENT_WEIGHT and not _by_machine(event)]
    if counted:
        statistics = absorb(connection, terms.rules, counted)
        nudged |= _lifted(connection, statistics, fresh, terms, now)
    send_away_late(connection, [row for _, row in fresh])
    if quizzed := _of_type(fresh, {"quiz_answered"}):
        keep_quizzes(connection, quizzed)
    if spoken := [event for event, row in fresh if row.type in SPEAKING and consent_said(event) is not None]:
        nudged |= set(change_consent(connection, terms, spoken))
    return nudged


def _of_type(fresh: Sequence[tuple[Event, EventRow]], types: Set[str]) -> set[str]:
    return {row.client_id for _, row in fresh if row.type in types}


def _by_machine(event: Event) -> bool:
    """What a scanner or proxy opened or clicked says nothing about its client."""
    return isinstance(event, EmailOpened | EmailClicked) and event.machine


def _count(row: EventRow) -> Counted:
    return Counted(row.client_id, row.type, row.occurred_at, row.value_cents or 0)


def _lifted(
    connection: Connection,
    statistics: Statistics,
    fresh: Sequence[tuple[Event, EventRow]],
    terms: Terms,
    now: datetime,
) -> set[str]:
    """Clients whose score now passes their stored threshold, those whose onboarding a quiz or an order moves, and
    those whom an order moves whatever the score."""
    s = standings.c
    standing = select(s.client_id, s.lift_score, s.phase, s.order_moves).where(
        among(connection, s.client_id, statistics.client_ids)
    )
    rows = connection.execute(standing).all()
    if not rows:
        return set()
    moved, ordered = _of_type(fresh, _ONBOARDING_MOVES), _of_type(fresh, {"order_placed"})
    scores = dict(zip(statistics.client_ids, statistics.scores(terms.rules, now).tolist(), strict=True))
    return {
        row.client_id
        for row in rows
        if (row.lift_score is not None and scores[row.client_id] >= row.lift_score - _SLACK)
        or (row.phase == Phase.ONBOARDING and row.client_id in moved)
        or (row.order_moves and row.client_id in ordered)
    }
