"""Where clients stand: read for a plan, written by assessments alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, and_, insert, select, update

from domain.engagement import FORMULA, Engagement, EngagementScore
from domain.next_actions import Answered, OpenCall
from domain.phases import PhaseState
from domain.rhythm import Risk
from models.base import ClientId
from models.calls import CallState
from models.states import Band, Phase
from store.tables import assessments, calls, clients, engagement, standings


class ClientFile:
    """All of one client that an assessment reads, from one query."""

    __slots__ = ("client", "engagement", "standing")

    def __init__(self, row: Row[Any]) -> None:
        self.client = row
        self.engagement = Engagement(
            anchor_at=row.anchor_at,
            frequency=row.frequency or 0.0,
            monetary=row.monetary or 0.0,
            last_order_at=row.last_order_at,
        )
        self.standing = PhaseState(phase=Phase(row.phase), since=row.phase_since) if row.phase else None

    @property
    def band(self) -> Band | None:
        """The band the client was last put in."""
        return Band(self.client.band) if self.client.band else None

    @property
    def answered(self) -> tuple[Answered, ...]:
        """Occasions of the spell that were answered without a mail."""
        return answered_of(self.client)

    @property
    def call(self) -> OpenCall | None:
        """The call that a stylist is to make."""
        return call_of(self.client)


def answered_of(row: Row[Any]) -> tuple[Answered, ...]:
    """From the column of that name."""
    return tuple(Answered.model_validate(each) for each in row.answered or ())


def call_of(row: Row[Any]) -> OpenCall | None:
    """From the columns of CALL."""
    if row.call_id is None:
        return None
    return OpenCall(call_id=row.call_id, since=row.call_since, until=row.call_until)


CALL: Final = (calls.c.call_id, calls.c.created_at.label("call_since"), calls.c.until.label("call_until"))
"""The columns that `call_of` reads, of calls joined by `of_call`."""


def of_call(client_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Joins the open call of a client, at most one."""
    return and_(calls.c.client_id == client_id, calls.c.state == CallState.OPEN)


def load(connection: Connection, client_id: ClientId) -> ClientFile | None:
    """The client, its statistics and its standing; None for an id that nobody knows.

    The row is locked on PostgreSQL, so that two mails of one client cannot both pass its caps.
    """
    row = connection.execute(
        select(
            clients,
            engagement.c.anchor_at,
            engagement.c.frequency,
            engagement.c.monetary,
            engagement.c.last_order_at,
            engagement.c.first_order_at,
            engagement.c.orders,
            engagement.c.orders_value_cents,
            standings.c.phase,
            standings.c.phase_since,
            standings.c.band,
            standings.c.why_not,
            standings.c.answered,
            *CALL,
        )
        .select_from(
            clients.outerjoin(engagement, engagement.c.client_id == clients.c.client_id)
            .outerjoin(standings, standings.c.client_id == clients.c.client_id)
            .outerjoin(calls, of_call(clients.c.client_id))
        )
        .where(clients.c.client_id == client_id)
        .with_for_update(of=clients)
    ).one_or_none()
    return None if row is None else ClientFile(row)


def save(
    connection: Connection,
    client_id: ClientId,
    assessment_id: str,
    standing: PhaseState,
    reading: EngagementScore,
    now: datetime,
    *,
    known: bool,
    risk: Risk | None = None,
) -> None:
    """Write the assessment and make it the client's standing. `risk`: what was said of it, if anything."""
    connection.execute(
        insert(assessments).values(
            id=assessment_id,
            client_id=client_id,
            at=now,
            score=reading.score,
            band=reading.band,
            phase=standing.phase,
            algorithm=f"{FORMULA}, {risk.algorithm}"[:64] if risk else FORMULA,
            risk=risk.model_dump(mode="json") if risk else None,
        )
    )
    values = {
        "phase": standing.phase,
        "phase_since": standing.since,
        "band": reading.band,
        "score": reading.score,
        "assessment_id": assessment_id,
        "assessed_at": now,
        "crosses_at": reading.crosses_at,
        "lift_score": reading.lift_score,
        "order_moves": reading.order_moves,
    }
    if known:
        connection.execute(update(standings).where(standings.c.client_id == client_id).values(**values))
    else:
        connection.execute(insert(standings).values(client_id=client_id, **values))


def save_plan(
    connection: Connection, client_id: ClientId, wake_at: datetime, next_touch_at: datetime | None, why_not: str
) -> None:
    """Keep what the plan said, for pages and for `why-not`."""
    connection.execute(
        update(standings)
        .where(standings.c.client_id == client_id)
        .values(wake_at=wake_at, next_touch_at=next_touch_at, why_not=why_not)
    )


def save_answered(connection: Connection, client_id: ClientId, answered: Sequence[Answered]) -> None:
    """Keep which occasions were answered without a mail."""
    told = [each.model_dump(mode="json") for each in answered]
    connection.execute(update(standings).where(standings.c.client_id == client_id).values(answered=told))


def risk_of(connection: Connection, client_id: ClientId) -> Risk | None:
    """What was said of the client when last assessed; None where no risk algorithm had a part."""
    query = select(assessments.c.risk).join(standings, standings.c.assessment_id == assessments.c.id)
    said = connection.execute(query.where(standings.c.client_id == client_id)).scalar_one_or_none()
    return None if said is None else Risk.model_validate(said)
