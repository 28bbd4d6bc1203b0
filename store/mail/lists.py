"""Lists of mails for the pages: how many stand in each state, and the latest."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, and_, func, select

from models.base import CampaignSlug, ClientId
from models.states import OutreachState, Phase, TouchKind
from store.sql.records import Record
from store.tables import clients, outreach_steps, outreaches

STEPS_LOOKED_AT: Final = 120
"""Latest steps among which the latest mails are looked for."""


@dataclass(frozen=True, slots=True)
class RecentMail(Record):
    """One mail as lists show it."""

    client_id: ClientId
    n: int
    kind: TouchKind
    state: OutreachState
    code: str
    phase: Phase
    score: float
    campaign: CampaignSlug | None
    updated_at: datetime
    send_at: datetime | None
    subject: str | None
    """None before it is written."""
    first_name: str


def count_mails_by_state(connection: Connection, states: Collection[OutreachState] = ()) -> dict[str, int]:
    """Count the mails in each state; in `states` alone, where those are given."""
    query = select(outreaches.c.state, func.count()).group_by(outreaches.c.state)
    rows = connection.execute(query.where(outreaches.c.state.in_(sorted(states))) if states else query)
    return {state: count for state, count in rows}  # noqa: C416


def list_recent_mails(connection: Connection, limit: int = 12) -> list[RecentMail]:
    """List the mails that changed last, each once, found through the log of steps, whose key is in order of time."""
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
    query = (
        select(
            *RecentMail.list_columns(outreaches, clients), outreaches.c.draft["subject"].as_string().label("subject")
        )
        .select_from(last)
        .join(outreaches, and_(outreaches.c.client_id == last.c.client_id, outreaches.c.n == last.c.n))
        .join(clients, clients.c.client_id == outreaches.c.client_id)
        .order_by(last.c.step.desc())
        .limit(limit)
    )
    return [RecentMail.from_row(row) for row in connection.execute(query)]


def list_mails_in_state(connection: Connection, state: str, limit: int = 100) -> list[RecentMail]:
    """List the mails that stand in a state, the last changed first."""
    query = (
        select(
            *RecentMail.list_columns(outreaches, clients), outreaches.c.draft["subject"].as_string().label("subject")
        )
        .join(clients, clients.c.client_id == outreaches.c.client_id)
        .where(outreaches.c.state == state)
        .order_by(outreaches.c.updated_at.desc())
        .limit(limit)
    )
    return [RecentMail.from_row(row) for row in connection.execute(query)]
