"""Accepts events: one transaction for each batch, idempotent by event id, in any order.

An event is a row, and it moves its client's statistics. Few change more: a signup starts the client's workflow; a
quiz, a change of consent, a complaint or a bounce changes the client or their mail; feedback on a Fix changes its box;
and one that lifts the client past the stored threshold nudges the workflow. Everything else touches only the store.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from domain.engagement import EVENT_WEIGHT
from domain.nudges import STARTING, needs_assessment
from models.events import EmailClicked, EmailOpened, Event, FixFeedback
from store.clients.preferences import delete_outdated
from store.clients.statistics import EngagementEvent, Statistics, absorb_events
from store.events import outbox
from store.events.effects import REPLY_TYPES, apply_replies, save_quizzes
from store.events.rows import COLUMNS, EventRow, build_row
from store.events.validator import EventValidator, Refusal
from store.fixes import feedback
from store.mail.policy import ShopPolicy
from store.sql.bulk import among, write_rows
from store.tables import events as table
from store.tables import standings


@dataclass(frozen=True)
class IntakeResult:
    """What became of a batch. `nudged`: the clients whose workflow was asked to look."""

    accepted: list[str]
    duplicates: list[str]
    refused: list[Refusal]
    nudged: frozenset[str] = frozenset()


def accept_events(
    connection: Connection,
    batch: Sequence[Event],
    policy: ShopPolicy,
    now: datetime,
    real_now: datetime,
    *,
    notify: bool = True,
) -> IntakeResult:
    """Accept a batch. `now` is business time, `real_now` stamps the outbox; without `notify` workflows wait for the
    shop's go.

    Must run in a transaction that writes (`store.database.write_transaction`). An event id that is there already is a
    duplicate, whatever else the event says: the first one stays. With another client it is refused.
    """
    rows = [build_row(event) for event in batch]
    validator = EventValidator.load(connection, rows, policy, now)
    stored = _load_owners(connection, (row.event_id for row in rows))
    accepted: dict[str, tuple[Event, EventRow]] = {}
    duplicates: list[str] = []
    refused: list[Refusal] = []
    for index, (event, row) in enumerate(zip(batch, rows, strict=True)):
        owner = stored.get(row.event_id) or (accepted[row.event_id][1].client_id if row.event_id in accepted else None)
        if owner == row.client_id:
            duplicates.append(row.event_id)
        elif owner is not None:
            refused.append(Refusal(index, row.event_id, "event_id", "is that of another client's event"))
        elif why := validator.find_refusal(event, row):
            refused.append(Refusal(index, row.event_id, *why))
        else:
            accepted[row.event_id] = event, row
    for event_id in _insert(connection, accepted):
        duplicates.append(event_id)
        del accepted[event_id]
    nudged = _apply_effects(connection, list(accepted.values()), policy, now)
    fix_ids = feedback.save_feedback(
        connection, [event for event, _ in accepted.values() if isinstance(event, FixFeedback)]
    )
    outbox.push_nudges(connection, "client", nudged, real_now, held=not notify)
    outbox.push_nudges(connection, "fix", fix_ids, real_now, held=not notify)
    return IntakeResult(list(accepted), duplicates, refused, frozenset(nudged))


def _load_owners(connection: Connection, event_ids: Iterable[str]) -> dict[str, str]:
    """Load whose events those are that are stored, by event id."""
    query = select(table.c.event_id, table.c.client_id).where(among(connection, table.c.event_id, event_ids))
    return {row.event_id: row.client_id for row in connection.execute(query)}


def _insert(connection: Connection, accepted: dict[str, tuple[Event, EventRow]]) -> list[str]:
    """Insert the rows, and return the ids that another writer inserted first."""
    # By key: near ones together in the index, and one order for all writers.
    written = write_rows(connection, table, COLUMNS, [accepted[event_id][1] for event_id in sorted(accepted)], "keep")
    return [] if written is None else list(set(accepted) - set(written))


def _apply_effects(
    connection: Connection, fresh: Sequence[tuple[Event, EventRow]], policy: ShopPolicy, now: datetime
) -> set[str]:
    """Apply everything that follows from new events, and return the clients to nudge."""
    nudged = _select_clients(fresh, STARTING)
    engagement_events = [
        _build_engagement_event(row) for event, row in fresh if row.type in EVENT_WEIGHT and not _by_machine(event)
    ]
    if engagement_events:
        statistics = absorb_events(connection, policy.rules, engagement_events)
        nudged |= _find_lifted(connection, statistics, fresh, policy, now)
    delete_outdated(connection, [row for _, row in fresh])
    if quizzed := _select_clients(fresh, {"quiz_answered"}):
        save_quizzes(connection, quizzed)
    if replies := [event for event, row in fresh if row.type in REPLY_TYPES]:
        nudged |= set(apply_replies(connection, policy, replies))
    return nudged


def _select_clients(fresh: Sequence[tuple[Event, EventRow]], types: Set[str]) -> set[str]:
    return {row.client_id for _, row in fresh if row.type in types}


def _by_machine(event: Event) -> bool:
    """Return whether a scanner or proxy opened or clicked, which says nothing about the client."""
    return isinstance(event, EmailOpened | EmailClicked) and event.machine


def _build_engagement_event(row: EventRow) -> EngagementEvent:
    return EngagementEvent(row.client_id, row.type, row.occurred_at, row.value_cents or 0)


def _find_lifted(
    connection: Connection,
    statistics: Statistics,
    fresh: Sequence[tuple[Event, EventRow]],
    policy: ShopPolicy,
    now: datetime,
) -> set[str]:
    """Find the clients whose score now passes their stored threshold, those whose onboarding a quiz or an order moves,
    and those whom an order moves whatever the score."""
    s = standings.c
    query = select(s.client_id, s.lift_score, s.phase, s.order_moves).where(
        among(connection, s.client_id, statistics.client_ids)
    )
    rows = connection.execute(query).all()
    if not rows:
        return set()
    types: dict[str, set[str]] = defaultdict(set)
    for _, event_row in fresh:
        types[event_row.client_id].add(event_row.type)
    scores = dict(zip(statistics.client_ids, statistics.compute_scores(policy.rules, now).tolist(), strict=True))
    return {
        row.client_id
        for row in rows
        if needs_assessment(scores[row.client_id], row.lift_score, row.phase, row.order_moves, types[row.client_id])
    }
