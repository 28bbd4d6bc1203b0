"""One client's timeline, for the client's page. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from sqlalchemy import Connection, Table, select

from domain.counted_events import count_events
from models.base import ClientId, ItemId
from models.catalogue import Item
from store.catalogue import catalogue
from store.clients.timeline_rows import (
    ClientHold,
    MailStep,
    PastAssessment,
    PastModelCall,
    ScoreEvent,
    TimelineClient,
    TimelineEvent,
)
from store.events import seen
from store.learning import decisions
from store.learning.decisions import DecisionRow
from store.mail.ledger import LedgerRow
from store.mail.mail_reads import MailKey, StoredRead, load_reads
from store.sql.records import Record
from store.sql.types import from_micros
from store.tables import (
    assessments,
    clients,
    engagement,
    events,
    holds,
    model_calls,
    outreach_steps,
    outreaches,
    standings,
)

RecordT = TypeVar("RecordT", bound=Record)

MAILS: Final = 40
"""Most mails shown, newest first."""
CURVE_EVENTS: Final = 3_000


@dataclass(frozen=True)
class ClientTimeline:
    """Everything that one client's page shows. `steps`, `reads`: of each mail, by its number; `calls`: of models."""

    client: TimelineClient
    holds: Sequence[ClientHold]
    mails: Sequence[LedgerRow]
    steps: dict[int, list[MailStep]]
    reads: dict[int, list[StoredRead]]
    decisions: Sequence[DecisionRow]
    calls: Sequence[PastModelCall]
    assessments: Sequence[PastAssessment]
    events: Sequence[TimelineEvent]
    curve: Sequence[ScoreEvent]
    items: dict[ItemId, Item]


def load_timeline(connection: Connection, client_id: ClientId) -> ClientTimeline | None:
    """Load everything about one client, newest first; None for an unknown id."""
    client = connection.execute(_CLIENT.where(clients.c.client_id == client_id)).one_or_none()
    if client is None:
        return None
    mails = _list_rows(connection, LedgerRow, outreaches, client_id, outreaches.c.n.desc(), MAILS)
    latest_events = _list_rows(connection, TimelineEvent, events, client_id, events.c.occurred_at.desc(), 30)
    latest_decisions = decisions.load_client_decisions(connection, client_id, 30)
    return ClientTimeline(
        client=TimelineClient.from_row(client),
        holds=_list_rows(connection, ClientHold, holds, client_id, holds.c.since, 10),
        mails=mails,
        steps=_load_steps(connection, client_id, [row.n for row in mails]),
        reads=_load_mail_reads(connection, client_id, [row.n for row in mails]),
        decisions=latest_decisions,
        calls=_list_rows(connection, PastModelCall, model_calls, client_id, model_calls.c.at.desc(), 30),
        assessments=_list_rows(connection, PastAssessment, assessments, client_id, assessments.c.at.desc(), 400),
        events=latest_events,
        curve=_load_curve(connection, client_id),
        items=catalogue.load_items(connection, _collect_item_ids(mails, latest_events, latest_decisions)),
    )


_CLIENT: Final = (
    select(*TimelineClient.list_columns(clients, standings, engagement))
    .select_from(clients)
    .outerjoin(standings, standings.c.client_id == clients.c.client_id)
    .outerjoin(engagement, engagement.c.client_id == clients.c.client_id)
)


def _list_rows(
    connection: Connection, kind: type[RecordT], table: Table, client_id: ClientId, order: Any, limit: int
) -> list[RecordT]:
    query = select(*kind.list_columns(table)).where(table.c.client_id == client_id).order_by(order).limit(limit)
    return [kind.from_row(row) for row in connection.execute(query)]


def _load_steps(connection: Connection, client_id: ClientId, numbers: list[int]) -> dict[int, list[MailStep]]:
    steps: dict[int, list[MailStep]] = {n: [] for n in numbers}
    s = outreach_steps.c
    query = select(*MailStep.list_columns(outreach_steps)).where(s.client_id == client_id, s.n.in_(numbers))
    for row in connection.execute(query.order_by(s.id)):
        step = MailStep.from_row(row)
        steps[step.n].append(step)
    return steps


def _load_mail_reads(connection: Connection, client_id: ClientId, numbers: list[int]) -> dict[int, list[StoredRead]]:
    reads = load_reads(connection, [MailKey(client_id, n) for n in numbers])
    return {key.n: sorted(own, key=lambda read: (read.occurred_at, read.event_id)) for key, own in reads.items()}


def _load_curve(connection: Connection, client_id: ClientId) -> list[ScoreEvent]:
    """Load what counts for the client's score, oldest first."""
    query = seen.build_query(events.c.client_id == client_id).order_by(events.c.occurred_at.desc()).limit(CURVE_EVENTS)
    counted = count_events(map(seen.parse, connection.execute(query)))
    return [ScoreEvent(one.kind, from_micros(one.at), one.cents) for one in sorted(counted, key=lambda one: one.at)]


def _collect_item_ids(
    mails: Iterable[LedgerRow], event_rows: Iterable[TimelineEvent], decision_rows: Iterable[DecisionRow]
) -> set[ItemId]:
    """Collect the ids of all items that these rows mention."""
    item_ids = {row.item_id for row in event_rows if row.item_id}
    for mail in mails:
        item_ids |= {pick["item_id"] for pick in mail.picks or () if "item_id" in pick}
        item_ids |= {blurb["item_id"] for blurb in (mail.draft or {}).get("items", ()) if "item_id" in blurb}
    for row in decision_rows:
        item_ids |= set(parse_answer_items(row.answer))
    return item_ids


def parse_answer_items(answer: Any) -> list[ItemId]:
    """Parse the items out of a decision's answer, whichever algorithm gave it."""
    entries = answer.get("picks") or answer.get("items") or () if isinstance(answer, dict) else answer
    return [str(entry["item_id"]) for entry in entries or () if isinstance(entry, dict) and "item_id" in entry]
