"""What the pages read: counts, lists, an item, campaigns. Reads only; one client is in store/clients/timeline.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, and_, func, or_, select

from models.base import CampaignSlug, ClientId, ItemId
from models.states import Phase
from store.tables import (
    campaigns,
    clients,
    engagement,
    enrolments,
    items,
    outreach_steps,
    outreaches,
    standings,
    stock,
)

STEPS_LOOKED_AT: Final = 120


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


# --- one item ---


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
