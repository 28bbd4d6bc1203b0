"""Lists of clients for the pages: who there are by phase, and the search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, func, or_, select

from models.base import ClientId
from models.states import Phase
from store.tables import clients, engagement, standings


def count_clients_by_phase(connection: Connection) -> dict[str, int]:
    """Count the clients in each phase; `new` are those not assessed yet."""
    rows = connection.execute(select(standings.c.phase, func.count()).group_by(standings.c.phase))
    counts = {phase: count for phase, count in rows}  # noqa: C416 - dict() of rows loses the types
    everyone = connection.scalar(select(func.count()).select_from(clients)) or 0
    new = everyone - sum(count for phase, count in counts.items() if phase != Phase.ERASED)
    return ({"new": new} if new > 0 else {}) | counts


@dataclass(frozen=True)
class ClientPage:
    """One page of a list of clients; `after` leads to the next page, if there is one."""

    rows: Sequence[Row[Any]]
    after: ClientId | None


def find_clients(
    connection: Connection, text: str = "", phase: str = "", after: ClientId = "", limit: int = 50
) -> ClientPage:
    """Find clients whose id, name or address begins with `text`, in the order of ids, starting behind `after`."""
    query = _clients_query().order_by(clients.c.client_id).limit(limit + 1)
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
    return ClientPage(rows[:limit], rows[limit - 1].client_id if len(rows) > limit else None)


def _clients_query() -> Select[Any]:
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
