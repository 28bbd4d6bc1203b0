"""One client's whole story, as its page tells it. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, select

from domain.engagement import EVENT_WEIGHT
from models.base import ClientId, ItemId
from store.learning import decisions
from store.tables import (
    assessments,
    clients,
    engagement,
    enrolments,
    events,
    holds,
    items,
    model_calls,
    outreach_steps,
    outreaches,
    standings,
)

MAILS: Final = 40
"""Most mails that are told of, newest first."""
CURVE_EVENTS: Final = 3_000


@dataclass(frozen=True)
class Story:
    """All that one client's page shows."""

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
    items: dict[ItemId, Row[Any]]


def story(connection: Connection, client_id: ClientId) -> Story | None:
    """Everything about one client, newest first; None for an id that nobody knows."""
    client = connection.execute(_whole().where(clients.c.client_id == client_id)).one_or_none()
    if client is None:
        return None
    mails = _of(connection, outreaches, client_id, outreaches.c.n.desc(), MAILS)
    seen = _of(connection, events, client_id, events.c.occurred_at.desc(), 30)
    made = decisions.of_client(connection, client_id, 30)
    return Story(
        client=client,
        holds=_of(connection, holds, client_id, holds.c.since, 10),
        mails=mails,
        steps=_steps(connection, client_id, [row.n for row in mails]),
        decisions=made,
        calls=_of(connection, model_calls, client_id, model_calls.c.at.desc(), 30),
        assessments=_of(connection, assessments, client_id, assessments.c.at.desc(), 400),
        events=seen,
        curve=_curve(connection, client_id),
        enrolments=_of(connection, enrolments, client_id, enrolments.c.at.desc(), 20),
        items=named_items(connection, _named(mails, seen, made)),
    )


def _whole() -> Select[Any]:
    return (
        select(clients, standings, engagement)
        .outerjoin(standings, standings.c.client_id == clients.c.client_id)
        .outerjoin(engagement, engagement.c.client_id == clients.c.client_id)
    )


def _of(connection: Connection, table: Any, client_id: ClientId, order: Any, limit: int) -> list[Row[Any]]:
    query = select(table).where(table.c.client_id == client_id).order_by(order).limit(limit)
    return list(connection.execute(query))


def _steps(connection: Connection, client_id: ClientId, numbers: list[int]) -> dict[int, list[Row[Any]]]:
    found: dict[int, list[Row[Any]]] = {n: [] for n in numbers}
    query = select(outreach_steps).where(outreach_steps.c.client_id == client_id, outreach_steps.c.n.in_(numbers))
    for row in connection.execute(query.order_by(outreach_steps.c.id)):
        found[row.n].append(row)
    return found


def _curve(connection: Connection, client_id: ClientId) -> list[Row[Any]]:
    """What moved the client's score, oldest first: (type, occurred_at, value_cents, data)."""
    query = (
        select(events.c.type, events.c.occurred_at, events.c.value_cents, events.c.data)
        .where(events.c.client_id == client_id, events.c.type.in_(EVENT_WEIGHT))
        .order_by(events.c.occurred_at.desc())
        .limit(CURVE_EVENTS)
    )
    return list(reversed(list(connection.execute(query))))


def _named(mails: Iterable[Row[Any]], seen: Iterable[Row[Any]], made: Iterable[Row[Any]]) -> set[ItemId]:
    """Every item that these rows speak of."""
    found = {row.item_id for row in seen if row.item_id}
    for mail in mails:
        found |= {pick["item_id"] for pick in mail.picks or () if "item_id" in pick}
        found |= {blurb["item_id"] for blurb in (mail.draft or {}).get("items", ()) if "item_id" in blurb}
    for row in made:
        found |= set(answered_items(row.answer))
    return found


def answered_items(answer: Any) -> list[ItemId]:
    """The items in a decision's answer, whichever algorithm gave it."""
    listed = answer.get("picks") or answer.get("items") or () if isinstance(answer, dict) else answer
    return [str(one["item_id"]) for one in listed or () if isinstance(one, dict) and "item_id" in one]


def named_items(connection: Connection, ids: Iterable[ItemId]) -> dict[ItemId, Row[Any]]:
    """The items with these ids, by id."""
    query = select(items).where(items.c.item_id.in_(sorted(set(ids))))
    return {row.item_id: row for row in connection.execute(query)}
