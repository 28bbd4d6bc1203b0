"""Records of an experiment on the slot `next_action`: which action each client got, often by randomisation, and what
they ordered after. Reads only."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, and_, select

from models.base import ClientId
from models.slot_policies import SlotSplit
from store.tables import assessments, decisions

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
