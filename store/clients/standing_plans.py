"""What is planned for many clients at once: after their mail left, and for those in one phase."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from sqlalchemy import Connection, bindparam, select, update

from domain.planning import ClientPlan
from models.base import ClientId
from models.states import Phase
from store.sql.bulk import among
from store.tables import standings


class StandingPlan(NamedTuple):
    """A plan to save, unless the client was assessed again since `assessment_id`."""

    client_id: ClientId
    assessment_id: str
    plan: ClientPlan


def list_in_phase(connection: Connection, phase: Phase, after: ClientId, limit: int) -> list[ClientId]:
    """List the next clients in a phase, in the order of their ids."""
    in_phase = (standings.c.phase == phase, standings.c.client_id > after)
    query = select(standings.c.client_id).where(*in_phase).order_by(standings.c.client_id).limit(limit)
    return list(connection.scalars(query))


def save_plans(connection: Connection, plans: Sequence[StandingPlan]) -> None:
    """Save what is planned for clients after their mail left."""
    if plans:
        rows = [
            {
                "client": one.client_id,
                "found_by": one.assessment_id,
                "wake_at": one.plan.wake_at,
                "next_touch_at": one.plan.next_touch_at,
                "why_not": one.plan.why_not,
            }
            for one in plans
        ]
        connection.execute(
            update(standings).where(
                standings.c.client_id == bindparam("client"), standings.c.assessment_id == bindparam("found_by")
            ),
            rows,
        )


def load_wakes(connection: Connection, client_ids: Collection[ClientId]) -> dict[ClientId, datetime | None]:
    """Load when each of these clients is to be looked at next, as their last assessment said; those who were never
    looked at are left out."""
    s = standings.c
    query = select(s.client_id, s.wake_at).where(among(connection, s.client_id, client_ids))
    return {row.client_id: row.wake_at for row in connection.execute(query)}


_CHANGE_PLAN: Final = update(standings).where(
    standings.c.client_id == bindparam("client"), standings.c.assessment_id == bindparam("found_by")
)
