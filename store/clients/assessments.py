"""Assessments of clients: phase, score and risk. Plans read them; only assessments write them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, insert, select, update

from domain.assessment import AssessmentDecision, AssessmentSnapshot, ClientScore
from domain.churn_risk import ChurnRisk
from domain.engagement import FORMULA, Engagement
from domain.next_actions import NoMailDecision, OpenCall
from domain.phases import PhaseState
from models.base import ClientId
from models.calls import CallState
from models.states import Band, Phase
from store.tables import assessments, calls, clients, engagement, standings


class ClientFile:
    """Everything about one client that an assessment reads, from one query."""

    __slots__ = ("client", "engagement", "phase_state")

    def __init__(self, row: Row[Any]) -> None:
        self.client = row
        self.engagement = Engagement(
            anchor_at=row.anchor_at,
            frequency=row.frequency or 0.0,
            monetary=row.monetary or 0.0,
            last_order_at=row.last_order_at,
        )
        self.phase_state = PhaseState(phase=Phase(row.phase), since=row.phase_since) if row.phase else None

    @property
    def band(self) -> Band | None:
        """Return the band the client was last put in."""
        return Band(self.client.band) if self.client.band else None

    @property
    def answered(self) -> tuple[NoMailDecision, ...]:
        """Return the triggers of this episode that were answered without a mail."""
        return parse_answered(self.client)

    @property
    def call(self) -> OpenCall | None:
        """Return the open call of the client, if there is one."""
        return parse_open_call(self.client)


def parse_answered(row: Row[Any]) -> tuple[NoMailDecision, ...]:
    """Parse the column `answered`."""
    return tuple(NoMailDecision.model_validate(answer) for answer in row.answered or ())


def parse_open_call(row: Row[Any]) -> OpenCall | None:
    """Parse the columns of CALL; None without an open call."""
    if row.call_id is None:
        return None
    return OpenCall(call_id=row.call_id, since=row.call_since, until=row.call_until)


CALL: Final = (calls.c.call_id, calls.c.created_at.label("call_since"), calls.c.until.label("call_until"))
"""The columns that `call_of` reads, of calls joined by `of_call`."""


def match_open_call(client_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Build the condition that joins a client's open call, at most one."""
    return and_(calls.c.client_id == client_id, calls.c.state == CallState.OPEN)


def load_client_file(connection: Connection, client_id: ClientId) -> ClientFile | None:
    """Load the client with its statistics and its last assessment; None for an unknown id.

    The row is locked on PostgreSQL, so that two mails of one client cannot both pass its caps.
    """
    row = connection.execute(_CLIENT_FILE_QUERY, {"client": client_id}).one_or_none()
    return None if row is None else ClientFile(row)


# Built once: it runs for every assessment and every mail, and building it would take as long as running it.
_CLIENT_FILE_QUERY: Final = (
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
        standings.c.next_n,
        standings.c.answered,
        *CALL,
    )
    .select_from(
        clients.outerjoin(engagement, engagement.c.client_id == clients.c.client_id)
        .outerjoin(standings, standings.c.client_id == clients.c.client_id)
        .outerjoin(calls, match_open_call(clients.c.client_id))
    )
    .where(clients.c.client_id == bindparam("client"))
    .with_for_update(of=clients)
)
_NEW_ASSESSMENT: Final = insert(assessments)
_NEW_STANDING: Final = insert(standings)
_CHANGE_STANDING: Final = update(standings).where(standings.c.client_id == bindparam("client"))


def save_assessment(
    connection: Connection, snapshot: AssessmentSnapshot, score: ClientScore, decision: AssessmentDecision | None
) -> None:
    """Save an assessment and make it the client's latest, with the plan once it is decided."""
    engagement_score, state, risk = score.engagement, score.state, score.risk
    assessment = {
        "id": score.id,
        "client_id": snapshot.client_id,
        "at": snapshot.now,
        "score": engagement_score.score,
        "band": engagement_score.band,
        "phase": state.phase,
        "algorithm": f"{FORMULA}, {risk.algorithm}"[:64] if risk else FORMULA,
        "risk": risk.model_dump(mode="json") if risk else None,
    }
    connection.execute(_NEW_ASSESSMENT, assessment)
    values = {
        "phase": state.phase,
        "phase_since": state.since,
        "band": engagement_score.band,
        "score": engagement_score.score,
        "assessment_id": score.id,
        "assessed_at": snapshot.now,
        "crosses_at": engagement_score.crosses_at,
        "lift_score": engagement_score.lift_score,
        "order_moves": engagement_score.order_moves,
        **({} if decision is None else _build_plan_values(snapshot, decision)),
    }
    if snapshot.phase_state is None:
        connection.execute(_NEW_STANDING, {"client_id": snapshot.client_id, **values})
    else:
        _update_standing(connection, snapshot.client_id, values)


def save_plan(connection: Connection, snapshot: AssessmentSnapshot, decision: AssessmentDecision) -> None:
    """Save what was decided after the assessment was saved without it. `snapshot`: as it was loaded."""
    _update_standing(connection, snapshot.client_id, _build_plan_values(snapshot, decision))


def _build_plan_values(snapshot: AssessmentSnapshot, decision: AssessmentDecision) -> dict[str, Any]:
    """Build the columns of the plan, for pages and for `why-not`; `answered` and `next_n` where they change."""
    plan = decision.plan
    values: dict[str, Any] = {}
    if decision.answered != snapshot.answered:
        values["answered"] = [answer.model_dump(mode="json") for answer in decision.answered]
    if plan.start is not None and decision.mail is not None:
        values["next_n"] = max(snapshot.next_n, decision.mail.n + 1)
    return {"wake_at": plan.wake_at, "next_touch_at": plan.next_touch_at, "why_not": plan.why_not, **values}


def _update_standing(connection: Connection, client_id: ClientId, values: Mapping[str, Any]) -> None:
    connection.execute(_CHANGE_STANDING, {"client": client_id, **values})


def load_risk(connection: Connection, client_id: ClientId) -> ChurnRisk | None:
    """Load the risk forecast of the latest assessment; None if no risk algorithm took part."""
    query = select(assessments.c.risk).join(standings, standings.c.assessment_id == assessments.c.id)
    risk = connection.execute(query.where(standings.c.client_id == client_id)).scalar_one_or_none()
    return None if risk is None else ChurnRisk.model_validate(risk)
