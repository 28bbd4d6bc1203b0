"""Assessments of clients: phase, score and risk. Plans read them; only assessments write them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, exists, insert, select, update

from domain.assessment import AssessmentDecision, AssessmentSnapshot, ClientScore
from domain.churn_risk import ChurnRisk
from domain.consent import is_personal
from domain.engagement import Engagement
from domain.next_actions import NoMailDecision, OpenCall
from domain.phases import PhaseState
from domain.states import OPEN_PLACES
from models.base import ClientId
from models.calls import CallState
from models.clients import ClientPolicy
from models.states import Band, EnrolmentState, Phase, TouchKind
from models.webhooks import Announcement, WebhookType
from store.campaigns.sequences import STAMP
from store.sql.bulk import give, match_given
from store.sql.records import Record
from store.tables import assessments, calls, clients, engagement, enrolments, standings
from store.webhooks.announcements import push_messages


@dataclass(frozen=True, slots=True)
class OpenCallColumns(Record):
    """The columns of CALL; None without an open call."""

    call_id: str | None
    call_since: datetime | None
    call_until: datetime | None
    call_reason: TouchKind | None

    @property
    def call(self) -> OpenCall | None:
        """The open call of the client, if there is one."""
        if self.call_id is None or self.call_since is None or self.call_until is None or self.call_reason is None:
            return None
        return OpenCall(call_id=self.call_id, since=self.call_since, until=self.call_until, reason=self.call_reason)


@dataclass(frozen=True, slots=True)
class ClientFile(OpenCallColumns):
    """Everything about one client that an assessment reads. `band`, `phase`, `phase_since`: of the last assessment,
    None before the first; `answered`: the triggers of this episode that were answered without a mail."""

    client_id: ClientId
    email: str
    mailbox: str
    time_zone: str
    signed_up_at: datetime
    consent: bool
    policy: ClientPolicy
    quiz: dict[str, Any] | None
    purposes: dict[str, Any]
    """What they said about the purposes of consent besides mail."""
    anchor_at: datetime | None
    last_order_at: datetime | None
    first_order_at: datetime | None
    phase: Phase | None
    phase_since: datetime | None
    band: Band | None
    has_pending: bool
    """Whether a campaign waits for the client's turn."""
    has_place: bool
    """Whether the client is on the way through a campaign of several steps."""
    frequency: float = 0.0
    monetary: float = 0.0
    orders: int = 0
    orders_value_cents: int = 0
    next_n: int = 1
    answered: tuple[NoMailDecision, ...] = ()
    sequences: str = ""
    """The state and version of every sequence of the lifecycle, to tell whether what is known of them holds still."""

    @property
    def engagement(self) -> Engagement:
        """The sufficient statistics of the client's events."""
        return Engagement(
            anchor_at=self.anchor_at,
            frequency=self.frequency,
            monetary=self.monetary,
            last_order_at=self.last_order_at,
        )

    @property
    def personal(self) -> bool:
        """Whether what the client did and said may decide what they get."""
        return is_personal(self.purposes)

    @property
    def phase_state(self) -> PhaseState | None:
        """The phase and since when."""
        return PhaseState(phase=self.phase, since=self.phase_since) if self.phase and self.phase_since else None


CALL: Final = (
    calls.c.call_id,
    calls.c.created_at.label("call_since"),
    calls.c.until.label("call_until"),
    calls.c.reason.label("call_reason"),
)
"""The columns of a client's open call, of calls joined by `match_open_call`."""


def match_open_call(client_id: ColumnElement[str]) -> ColumnElement[bool]:
    """Build the condition that joins a client's open call, at most one."""
    return and_(calls.c.client_id == client_id, calls.c.state == CallState.OPEN)


def load_client_file(connection: Connection, client_id: ClientId) -> ClientFile | None:
    """Load the client with its statistics and its last assessment; None for an unknown id.

    The row is locked on PostgreSQL, so that two mails of one client cannot both pass its caps.
    """
    row = connection.execute(_CLIENT_FILE_QUERY, {"client": client_id}).one_or_none()
    return None if row is None else ClientFile.from_row(row)


def load_client_files(connection: Connection, client_ids: Collection[ClientId]) -> dict[ClientId, ClientFile]:
    """Load many clients as `load_client_file` does one, locked in the order of their ids; unknown ids are left out."""
    rows = connection.execute(_select_client_files(connection.dialect.name), give(connection, client_ids))
    return {row.client_id: ClientFile.from_row(row) for row in rows}


@cache
def _select_client_files(dialect: str) -> Select[Any]:
    return _CLIENT_FILES.where(match_given(dialect, clients.c.client_id)).order_by(clients.c.client_id)


_HAS_PENDING: Final = (
    exists()
    .where(enrolments.c.client_id == clients.c.client_id, enrolments.c.version.is_(None))
    .where(enrolments.c.state == EnrolmentState.WAITING)
).label("has_pending")
_HAS_PLACE: Final = (
    exists()
    .where(enrolments.c.client_id == clients.c.client_id, enrolments.c.version.is_not(None))
    .where(enrolments.c.state.in_(sorted(OPEN_PLACES)))
).label("has_place")
# Built once: it runs for every assessment and every mail, and building it would take as long as running it.
_CLIENT_FILES: Final = (
    select(
        *ClientFile.list_columns(clients, engagement, standings),
        *CALL,
        _HAS_PENDING,
        _HAS_PLACE,
        STAMP.label("sequences"),
    )
    .select_from(
        clients.outerjoin(engagement, engagement.c.client_id == clients.c.client_id)
        .outerjoin(standings, standings.c.client_id == clients.c.client_id)
        .outerjoin(calls, match_open_call(clients.c.client_id))
    )
    .with_for_update(of=clients)
)
_CLIENT_FILE_QUERY: Final = _CLIENT_FILES.where(clients.c.client_id == bindparam("client"))
_NEW_ASSESSMENT: Final = insert(assessments)
_NEW_STANDING: Final = insert(standings)
_HAS_STANDING: Final = (
    update(clients).where(clients.c.client_id == bindparam("client"), clients.c.unassessed).values(unassessed=False)
)
_CHANGE_STANDING: Final = update(standings).where(standings.c.client_id == bindparam("client"))


def save_assessment(
    connection: Connection, snapshot: AssessmentSnapshot, score: ClientScore, decision: AssessmentDecision | None
) -> None:
    """Save an assessment and make it the client's latest, with the plan once it is decided."""
    save_assessments(connection, [FinishedAssessment(snapshot, score, decision)])


class FinishedAssessment(NamedTuple):
    """An assessment to save: what it read, found and decided; None: nothing yet."""

    snapshot: AssessmentSnapshot
    score: ClientScore
    decision: AssessmentDecision | None


def save_assessments(connection: Connection, finished: Sequence[FinishedAssessment]) -> None:
    """Save assessments, each of another client, and make them the clients' latest."""
    if not finished:
        return
    connection.execute(_NEW_ASSESSMENT, [_build_assessment(*one[:2]) for one in finished])
    by_statement: dict[tuple[bool, frozenset[str]], list[dict[str, Any]]] = defaultdict(list)
    for one in finished:
        values = _build_standing(*one)
        is_new = one.snapshot.phase_state is None
        key = {"client_id" if is_new else "client": one.snapshot.client_id}
        by_statement[is_new, frozenset(values)].append(key | values)
    for (is_new, _), rows in by_statement.items():
        connection.execute(_NEW_STANDING if is_new else _CHANGE_STANDING, rows)
        if is_new:
            connection.execute(_HAS_STANDING, [{"client": row["client_id"]} for row in rows])
    push_messages(connection, [told for one in finished for told in _announce_phase(one)])


def _build_assessment(snapshot: AssessmentSnapshot, score: ClientScore) -> dict[str, Any]:
    risk = score.risk
    return {
        "id": score.id,
        "client_id": snapshot.client_id,
        "at": snapshot.now,
        "score": score.engagement.score,
        "band": score.engagement.band,
        "phase": score.state.phase,
        "algorithm": f"{score.algorithm}, {risk.algorithm}"[:64] if risk else score.algorithm[:64],
        "risk": risk.model_dump(mode="json") if risk else None,
    }


def _build_standing(
    snapshot: AssessmentSnapshot, score: ClientScore, decision: AssessmentDecision | None
) -> dict[str, Any]:
    engagement_score, state, risk = score.engagement, score.state, score.risk
    return {
        "phase": state.phase,
        "phase_since": state.since,
        "band": engagement_score.band,
        "score": engagement_score.score,
        "risk": None if risk is None else 1.0 - risk.p_alive,
        "assessment_id": score.id,
        "assessed_at": snapshot.now,
        "crosses_at": engagement_score.crosses_at,
        "lift_score": engagement_score.lift_score,
        "order_moves": engagement_score.order_moves,
        **({} if decision is None else _build_plan_values(snapshot, decision)),
    }


def _announce_phase(one: FinishedAssessment) -> list[Announcement]:
    snapshot, phase = one.snapshot, one.score.state.phase
    if (before := snapshot.phase_state.phase if snapshot.phase_state else None) is phase:
        return []
    told = {"phase": str(phase), "before": str(before) if before else None}
    return [Announcement(WebhookType.CLIENT_PHASE, snapshot.now, told, snapshot.client_id)]


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


@dataclass(frozen=True, slots=True)
class Standing(OpenCallColumns):
    """What the last assessment found and planned."""

    phase: Phase
    phase_since: datetime
    next_touch_at: datetime | None
    wake_at: datetime | None
    score: float
    assessment_id: str
    answered: tuple[NoMailDecision, ...] = ()


def load_standing(connection: Connection, client_id: ClientId) -> Standing | None:
    """Load what the last assessment of a client found and planned; None before the first."""
    query = (
        select(*Standing.list_columns(standings), *CALL)
        .select_from(standings)
        .outerjoin(calls, match_open_call(standings.c.client_id))
        .where(standings.c.client_id == client_id)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else Standing.from_row(row)
