"""One client's timeline, for the client's page. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, select

from domain.engagement import EVENT_WEIGHT
from models.base import ClientId, ItemId
from models.catalogue import Item
from store.catalogue import catalogue
from store.learning import decisions
from store.tables import (
    assessments,
    clients,
    engagement,
    enrolments,
    events,
    holds,
    model_calls,
    outreach_steps,
    outreaches,
    standings,
)

MAILS: Final = 40
"""Most mails shown, newest first."""
CURVE_EVENTS: Final = 3_000


@dataclass(frozen=True)
class ClientTimeline:
    """Everything that one client's page shows."""

    client: Row[Any]
    holds: Sequence[Row[Any]]
    mails: Sequence[Row[Any]]
    steps: dict[int, list[Row[Any]]]
    decisions: Sequence[Row[Any]]
    calls: Sequence[Row[Any]]
    assessments: Sequence[Row[Any]]
    events: Sequence[Row[Any]]
    curve: Sequence[Row[Any]]
    enrolments: Sequence[Row[Any]]
    items: dict[ItemId, Item]


def load_timeline(connection: Connection, client_id: ClientId) -> ClientTimeline | None:
    """Load everything about one client, newest first; None for an unknown id."""
    client = connection.execute(_client_query().where(clients.c.client_id == client_id)).one_or_none()
    if client is None:
        return None
    mails = _list_rows(connection, outreaches, client_id, outreaches.c.n.desc(), MAILS)
    latest_events = _list_rows(connection, events, client_id, events.c.occurred_at.desc(), 30)
    latest_decisions = decisions.load_client_decisions(connection, client_id, 30)
    return ClientTimeline(
        client=client,
        holds=_list_rows(connection, holds, client_id, holds.c.since, 10),
        mails=mails,
        steps=_load_steps(connection, client_id, [row.n for row in mails]),
        decisions=latest_decisions,
        calls=_list_rows(connection, model_calls, client_id, model_calls.c.at.desc(), 30),
        assessments=_list_rows(connection, assessments, client_id, assessments.c.at.desc(), 400),
        events=latest_events,
        curve=_load_curve(connection, client_id),
        enrolments=_list_rows(connection, enrolments, client_id, enrolments.c.at.desc(), 20),
        items=catalogue.load_items(connection, _collect_item_ids(mails, latest_events, latest_decisions)),
    )


def _client_query() -> Select[Any]:
    return (
        select(clients, standings, engagement)
        .outerjoin(standings, standings.c.client_id == clients.c.client_id)
        .outerjoin(engagement, engagement.c.client_id == clients.c.client_id)
    )


def _list_rows(connection: Connection, table: Any, client_id: ClientId, order: Any, limit: int) -> list[Row[Any]]:
    query = select(table).where(table.c.client_id == client_id).order_by(order).limit(limit)
    return list(connection.execute(query))


def _load_steps(connection: Connection, client_id: ClientId, numbers: list[int]) -> dict[int, list[Row[Any]]]:
    steps: dict[int, list[Row[Any]]] = {n: [] for n in numbers}
    query = select(outreach_steps).where(outreach_steps.c.client_id == client_id, outreach_steps.c.n.in_(numbers))
    for row in connection.execute(query.order_by(outreach_steps.c.id)):
        steps[row.n].append(row)
    return steps


def _load_curve(connection: Connection, client_id: ClientId) -> list[Row[Any]]:
    """Load the events that moved the client's score, oldest first: (type, occurred_at, value_cents, data)."""
    query = (
        select(events.c.type, events.c.occurred_at, events.c.value_cents, events.c.data)
        .where(events.c.client_id == client_id, events.c.type.in_(EVENT_WEIGHT))
        .order_by(events.c.occurred_at.desc())
        .limit(CURVE_EVENTS)
    )
    return list(reversed(list(connection.execute(query))))


def _collect_item_ids(
    mails: Iterable[Row[Any]], event_rows: Iterable[Row[Any]], decision_rows: Iterable[Row[Any]]
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
