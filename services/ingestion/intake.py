"""Accept events: one transaction for each batch, idempotent by event id, in any order.

An event is a row, and it moves its client's statistics. Few change more: a signup starts the client's workflow; a
quiz, a change of consent, a complaint or a bounce changes the client or their mail; feedback on a Fix changes its box;
and one that lifts the client past the stored threshold nudges the workflow. Everything else touches only the store.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from domain.engagement import EVENT_WEIGHT
from domain.intake import Refusal, sort_events
from domain.mail_consent import REPLY_TYPES
from domain.nudges import STARTING, needs_assessment
from models.events import EmailClicked, EmailOpened, Event, FixFeedback
from services.ingestion.replies import apply_replies
from store.clients.assessments import load_thresholds
from store.clients.preferences import delete_outdated
from store.clients.statistics import EngagementEvent, Statistics, absorb_events
from store.events import outbox
from store.events.events import insert_events, load_event_facts, save_quizzes
from store.events.rows import EventRow, build_row
from store.fixes import feedback
from store.mail.policy import ShopPolicy


@dataclass(frozen=True)
class IntakeResult:
    """What became of a batch. `nudged`: the clients whose workflow was asked to look."""

    accepted: list[str]
    duplicates: list[str]
    refused: list[Refusal]
    nudged: frozenset[str] = frozenset()


class _NewEvent(NamedTuple):
    """An event that came in, and the row that stores it."""

    event: Event
    row: EventRow


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
    shop's go. Must run in a transaction that writes (`store.database.write_transaction`).
    """
    rows = [build_row(event) for event in batch]
    facts = load_event_facts(connection, rows, policy.signing_key)
    sorting = sort_events(batch, [row.item_id for row in rows], facts, policy.currency, now)
    overtaken = insert_events(connection, [rows[index] for index in sorting.accepted.values()])
    fresh = {key: _NewEvent(batch[i], rows[i]) for key, i in sorting.accepted.items() if key not in overtaken}
    nudged = _apply_effects(connection, list(fresh.values()), policy, now)
    answers = [event for event, _ in fresh.values() if isinstance(event, FixFeedback)]
    fix_ids = feedback.save_feedback(connection, answers)
    outbox.push_nudges(connection, "client", nudged, real_now, held=not notify)
    outbox.push_nudges(connection, "fix", fix_ids, real_now, held=not notify)
    return IntakeResult(list(fresh), [*sorting.duplicates, *overtaken], sorting.refused, frozenset(nudged))


def _apply_effects(connection: Connection, fresh: Sequence[_NewEvent], policy: ShopPolicy, now: datetime) -> set[str]:
    """Apply everything that follows from new events, and return the clients to nudge."""
    nudged = _select_clients(fresh, STARTING)
    engagement_events = [
        _build_engagement_event(row) for event, row in fresh if row.type in EVENT_WEIGHT and not _is_by_machine(event)
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


def _select_clients(fresh: Iterable[_NewEvent], types: Set[str]) -> set[str]:
    return {row.client_id for _, row in fresh if row.type in types}


def _is_by_machine(event: Event) -> bool:
    """Return whether a scanner or proxy opened or clicked, which says nothing about the client."""
    return isinstance(event, EmailOpened | EmailClicked) and event.machine


def _build_engagement_event(row: EventRow) -> EngagementEvent:
    return EngagementEvent(row.client_id, row.type, row.occurred_at, row.value_cents or 0)


def _find_lifted(
    connection: Connection, statistics: Statistics, fresh: Iterable[_NewEvent], policy: ShopPolicy, now: datetime
) -> set[str]:
    """Find the clients whose score now passes their stored threshold, those whose onboarding a quiz or an order moves,
    and those whom an order moves whatever the score."""
    thresholds = load_thresholds(connection, statistics.client_ids)
    if not thresholds:
        return set()
    types: dict[str, set[str]] = defaultdict(set)
    for _, event_row in fresh:
        types[event_row.client_id].add(event_row.type)
    scores = dict(zip(statistics.client_ids, statistics.compute_scores(policy.rules, now).tolist(), strict=True))
    return {
        row.client_id
        for row in thresholds
        if needs_assessment(scores[row.client_id], row.lift_score, row.phase, row.order_moves, types[row.client_id])
    }
