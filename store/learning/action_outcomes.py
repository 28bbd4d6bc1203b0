"""Records of an experiment on the slot `next_action`: which action each client got, often by randomisation, and what
they ordered after. Reads only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, and_, select

from models.base import ClientId
from models.slot_policies import SlotSplit
from models.slots import Occurrence
from store.sql.bulk import among
from store.tables import assessments, decisions, events

SLOT: Final = "next_action"
BATCH: Final = 10_000


@dataclass(frozen=True, slots=True)
class ActionRecord:
    """One answer that was used. `score`, `risk`: of the assessment that asked."""

    id: str
    client_id: ClientId
    at: datetime
    action: str
    algorithm: str
    variant: str
    experiment: SlotSplit | None
    propensity: float | None
    score: float
    risk: dict[str, Any] | None


def iterate_actions(connection: Connection, since: datetime, until: datetime) -> Iterator[ActionRecord]:
    """Iterate over answers used after `since`, up to `until`, oldest first."""
    d, a = decisions.c, assessments.c
    query = (
        select(d.id, d.client_id, d.at, d.answer, d.algorithm, d.variant, d.experiment, d.propensity, a.score, a.risk)
        .join(assessments, and_(a.client_id == d.client_id, a.at == d.at))
        .where(d.slot == SLOT, d.role == "live", d.at > since, d.at <= until)
        .order_by(d.at, d.id)
    )
    for row in connection.execute(query, execution_options={"yield_per": BATCH}):
        values = row._asdict()
        yield ActionRecord(action=values.pop("answer")["action"], **values)


def load_orders(
    connection: Connection, clients: Iterable[ClientId], until: datetime
) -> dict[ClientId, list[Occurrence]]:
    """Load all orders of these clients up to `until`, oldest first."""
    e = events.c
    query = (
        select(e.client_id, e.occurred_at, e.value_cents)
        .where(e.type == "order_placed", e.occurred_at <= until, among(connection, e.client_id, clients))
        .order_by(e.client_id, e.occurred_at, e.event_id)
    )
    orders: dict[ClientId, list[Occurrence]] = {}
    for row in connection.execute(query, execution_options={"yield_per": BATCH}):
        order = Occurrence(kind="order_placed", at=row.occurred_at, value_cents=row.value_cents or 0)
        orders.setdefault(row.client_id, []).append(order)
    return orders
