"""What the pages read: counts, lists and one client's whole story. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, and_, func, or_, select

from domain.engagement import EVENT_WEIGHT
from models.base import CampaignSlug, ClientId, ItemId
from models.states import Phase
from store.tables import (
    assessments,
    campaigns,
    clients,
    decisions,
    engagement,
    enrolments,
    events,
    holds,
    items,
    model_calls,
    outreach_steps,
    outreaches,
    standings,
    stock,
)

MAILS: Final = 40
"""Most mails on a client's page, newest first."""
STEPS_LOOKED_AT: Final = 120
CURVE_EVENTS: Final = 3_000


# --- everyone --------------------------------------------------------------------------------------------------------


def clients_by_phase(connection: Connection) -> dict[str, int]:
    """How many clients stand in each phase; `new` are those not assessed yet."""
    rows = connection.execute(select(standings.c.phase, func.count()).group_by(standings.c.phase))
    found = {phase: count for phase, count in rows}  # noqa: C416 - dict() of rows loses the types
    everyone = connection.scalar(select(func.count()).select_from(clients)) or 0
    new = everyone - sum(count for phase, count in found.items() if phase != Phase.ERASED)
    return ({"new": new} if new > 0 else {}) | found


def mails_by_state(connection: Connection) -> dict[str, int]:
    """How many mails stand in each state."""
    rows = connection.execute(select(outreaches.c.state, func.count()).group_by(outreaches.c.state))
    return {state: count for state, count in rows}  # noqa: C416


def recent_mails(connection: Connection, limit: int = 12) -> list[Row[Any]]:
    """The mails that took a step last, each once; by the log of steps, whose key is in order of time."""
    latest = (
        select(outreach_steps.c.id, outreach_steps.c.client_id, outreach_steps.c.n)
        .order_by(outreach_steps.c.id.desc())
        .limit(STEPS_LOOKED_AT)
        .subquery()
    )
    last = (
        select(latest.c.client_id, latest.c.n, func.max(latest.c.id).label("step"))
        .group_by(latest.c.client_id, latest.c.n)
        .subquery()
    )
    return list(
        connection.execute(
            select(
                outreaches.c.client_id,
                outreaches.c.n,
                outreaches.c.kind,
                outreaches.c.state,
                outreaches.c.code,
                outreaches.c.phase,
                outreaches.c.score,
                outreaches.c.campaign,
                outreaches.c.updated_at,
                outreaches.c.send_at,
                outreaches.c.draft["subject"].as_string().label("subject"),
                clients.c.first_name,
            )
            .select_from(last)
            .join(outreaches, and_(outreaches.c.client_id == last.c.client_id, outreaches.c.n == last.c.n))
            .join(clients, clients.c.client_id == outreaches.c.client_id)
            .order_by(last.c.step.desc())
            .limit(limit)
        )
    )


@dataclass(frozen=True)
class Found:
    """One page of a list of clients; `after` leads to the next page, when there is one."""

    rows: Sequence[Row[Any]]
    after: ClientId | None


def find_clients(
    connection: Connection, text: str = "", phase: str = "", after: ClientId = "", limit: int = 50
) -> Found:
    """Clients whose id, name or address begins with `text`, in order of id, from behind `after` on."""
    query = _listed().order_by(clients.c.client_id).limit(limit + 1)
    if text:
        begins = [
            column.istartswith(text, autoescape=True)
            for column in (clients.c.client_id, clients.c.email, clients.c.first_name)
        ]
        query = query.where(or_(*begins))
    if phase:
        query = query.where(standings.c.phase.is_(None) if phase == "new" else standings.c.phase == phase)
    if after:
        query = query.where(clients.c.client_id > after)
    rows = list(connection.execute(query))
    return Found(rows[:limit], rows[limit - 1].client_id if len(rows) > limit else None)


def _listed() -> Select[Any]:
    return (
        select(
            clients.c.client_id,
            clients.c.first_name,
            clients.c.email,
            clients.c.consent,
            clients.c.signed_up_at,
            standings.c.phase,
            standings.c.score,
            standings.c.band,
            standings.c.next_touch_at,
            standings.c.why_not,
            engagement.c.orders,
            engagement.c.orders_value_cents,
            engagement.c.last_order_at,
        )
        .outerjoin(standings, standings.c.client_id == clients.c.client_id)
        .outerjoin(engagement, engagement.c.client_id == clients.c.client_id)
    )


# --- one client ------------------------------------------------------------------------------------------------------


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
    made = _of(connection, decisions, client_id, decisions.c.at.desc(), 30)
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


def item(connection: Connection, item_id: ItemId) -> tuple[Row[Any], Sequence[Row[Any]]] | None:
    """One item, and its sizes on the shelf."""
    found = connection.execute(select(items).where(items.c.item_id == item_id)).one_or_none()
    if found is None:
        return None
    return found, list(connection.execute(select(stock.c.size, stock.c.on_hand).where(stock.c.item_id == item_id)))


# --- campaigns -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Progress:
    """A campaign, and how many of its clients and mails stand where."""

    row: Row[Any]
    enrolled: dict[str, int]
    mails: dict[str, int]


def campaign_list(connection: Connection) -> list[Progress]:
    """Every campaign, newest first."""
    rows = list(connection.execute(select(campaigns).order_by(campaigns.c.created_at.desc(), campaigns.c.slug)))
    enrolled = _counted(connection, enrolments, [row.slug for row in rows])
    mails = _counted(connection, outreaches, [row.slug for row in rows])
    return [Progress(row, enrolled.get(row.slug, {}), mails.get(row.slug, {})) for row in rows]


def campaign(connection: Connection, slug: CampaignSlug) -> Progress | None:
    """One campaign; None for a slug that nobody knows."""
    row = connection.execute(select(campaigns).where(campaigns.c.slug == slug)).one_or_none()
    if row is None:
        return None
    enrolled, mails = _counted(connection, enrolments, [slug]), _counted(connection, outreaches, [slug])
    return Progress(row, enrolled.get(slug, {}), mails.get(slug, {}))


def campaign_mails(connection: Connection, slug: CampaignSlug, limit: int = 50) -> list[Row[Any]]:
    """A campaign's mails, the last touched first."""
    query = (
        select(
            outreaches.c.client_id,
            outreaches.c.n,
            outreaches.c.state,
            outreaches.c.code,
            outreaches.c.phase,
            outreaches.c.updated_at,
            outreaches.c.draft["subject"].as_string().label("subject"),
            clients.c.first_name,
        )
        .join(clients, clients.c.client_id == outreaches.c.client_id)
        .where(outreaches.c.campaign == slug)
        .order_by(outreaches.c.updated_at.desc())
        .limit(limit)
    )
    return list(connection.execute(query))


def _counted(connection: Connection, table: Any, slugs: list[str]) -> dict[str, dict[str, int]]:
    query = (
        select(table.c.campaign, table.c.state, func.count())
        .where(table.c.campaign.in_(slugs))
        .group_by(table.c.campaign, table.c.state)
    )
    found: dict[str, dict[str, int]] = {}
    for slug, state, count in connection.execute(query):
        found.setdefault(slug, {})[state] = count
    return found
