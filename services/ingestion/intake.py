"""Accept events: one transaction for each batch, idempotent by event id, in any order.

An event is a row, and it moves its client's statistics. Few change more: a signup starts the client's workflow; a
quiz, a change of consent, a complaint or a bounce changes the client or their mail; feedback on a Fix changes its box;
and one that lifts the client past the stored threshold nudges the workflow. Everything else touches only the store.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection

from domain.engagement import EVENT_WEIGHT
from domain.intake import Refusal, sort_events
from domain.journeys.advancing import JourneyEvent
from domain.mail_consent import REPLY_TYPES
from domain.nudges import STARTING, needs_assessment
from domain.orders import SeenEvent
from models.events import Event, FixFeedback, OrderPlaced
from services.ingestion.mail_reads import JudgedRead, judge_reads, list_turned, name_signs, tell_clicks
from services.ingestion.replies import apply_replies
from services.journeys.arrivals import apply_events
from services.segments.attributes import set_by_events
from store.clients.preferences import delete_outdated
from store.clients.statistics import EventArrival, Statistics, absorb_events
from store.clients.thresholds import load_thresholds
from store.events import outbox
from store.events.events import insert_events, load_event_facts, save_quizzes
from store.events.rows import EventRow, build_row
from store.events.seen import see_event
from store.fixes import feedback
from store.mail.policy import ShopPolicy
from store.offers.redemptions import save_redemptions
from store.segments.attributes import load_types
from store.sql.types import from_micros, to_micros


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
    batch = [name_signs(event) for event in batch]
    rows = [build_row(event) for event in batch]
    facts = load_event_facts(connection, rows, policy.signing_key)
    if any(event.attributes for event in batch):
        facts = replace(facts, attributes=load_types(connection))
    sorting = sort_events(batch, [row.item_id for row in rows], facts, policy.currency, now)
    overtaken = insert_events(connection, [rows[index] for index in sorting.accepted.values()])
    fresh = {key: _NewEvent(batch[i], rows[i]) for key, i in sorting.accepted.items() if key not in overtaken}
    nudged = _apply_effects(connection, list(fresh.values()), policy, now)
    if named := [event for event, _ in fresh.values() if isinstance(event, OrderPlaced) and event.offer_code]:
        save_redemptions(connection, named)
    set_by_events(connection, [event for event, _ in fresh.values() if event.attributes])
    answers = [event for event, _ in fresh.values() if isinstance(event, FixFeedback)]
    fix_ids = feedback.save_feedback(connection, answers)
    outbox.push_nudges(connection, "client", nudged, real_now, held=not notify)
    outbox.push_nudges(connection, "fix", fix_ids, real_now, held=not notify)
    return IntakeResult(list(fresh), [*sorting.duplicates, *overtaken], sorting.refused, frozenset(nudged))


def _apply_effects(connection: Connection, fresh: Sequence[_NewEvent], policy: ShopPolicy, now: datetime) -> set[str]:
    """Apply everything that follows from new events, and return the clients to nudge."""
    nudged = _select_clients(fresh, STARTING)
    judged = judge_reads(connection, [event for event, _ in fresh])
    tell_clicks(connection, judged)
    if arrivals := _list_arrivals(fresh, judged):
        statistics = absorb_events(connection, policy.rules, arrivals)
        nudged |= _find_lifted(connection, statistics, fresh, policy, now)
    delete_outdated(connection, [row for _, row in fresh] + [_build_turned_row(one) for one in list_turned(judged)])
    if quizzed := _select_clients(fresh, {"quiz_answered"}):
        save_quizzes(connection, quizzed)
    nudged |= apply_events(connection, (_read_arrival(row) for _, row in fresh), now)
    if replies := [event for event, row in fresh if row.type in REPLY_TYPES]:
        nudged |= set(apply_replies(connection, policy, replies))
    return nudged


def _read_arrival(row: EventRow) -> tuple[str, JourneyEvent]:
    return row.client_id, JourneyEvent(row.type, from_micros(row.occurred_at), row.item_id)  # type: ignore[arg-type]


def _select_clients(fresh: Iterable[_NewEvent], types: Set[str]) -> set[str]:
    return {row.client_id for _, row in fresh if row.type in types}


def _list_arrivals(fresh: Iterable[_NewEvent], judged: Iterable[JudgedRead]) -> list[EventArrival]:
    """List what counts for engagement now, or does no longer. A machine's open or click says nothing of the client."""
    reads = {one.read.event_id: one for one in judged if one.read.type in EVENT_WEIGHT}
    arrivals = [
        EventArrival(row.client_id, see_event(event, row))
        for event, row in fresh
        if row.type in EVENT_WEIGHT and row.event_id not in reads
    ]
    for client_id, read, was_machine in reads.values():
        event = SeenEvent(
            read.event_id, read.type, to_micros(read.occurred_at), read.item_id, by_machine=read.by_machine
        )
        arrivals.append(
            EventArrival(client_id, event, None if was_machine is None else event._replace(by_machine=was_machine))
        )
    return [one for one in arrivals if one.was is not None or not one.event.by_machine]


def _build_turned_row(judged: JudgedRead) -> EventRow:
    read = judged.read
    at = to_micros(read.occurred_at)
    return EventRow(read.event_id, judged.client_id, read.type, at, read.item_id, None, None, None)


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
