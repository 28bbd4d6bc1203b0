"""Load the snapshot that an assessment rests on, and save what the assessment decided."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from domain.assessment import AssessmentDecision, AssessmentSnapshot, ClientScore
from domain.outreach import list_sent_times
from models.base import ClientId
from models.calls import CallState
from models.states import Arm, OutreachState
from services import metrics
from store.campaigns import campaigns, enrolments
from store.clients import assessments, calls
from store.mail import ledger, mail_facts


def load_snapshot(
    connection: Connection, client_id: ClientId, signing_key: str, now: datetime
) -> AssessmentSnapshot | None:
    """Load the snapshot of a client at `now`; None for an unknown one. The client's row stays locked."""
    file = assessments.load_client_file(connection, client_id)
    if file is None:
        return None
    mails = ledger.load_client_mails(connection, client_id)
    parked = {mail.campaign for mail in mails if mail.state is OutreachState.PARKED and mail.campaign}
    return AssessmentSnapshot(
        client_id=client_id,
        now=now,
        signed_up_at=file.signed_up_at,
        facts=mail_facts.load_mail_facts(connection, file, signing_key, list_sent_times(mails, now)),
        quiz_answered=file.quiz is not None,
        engagement=file.engagement,
        orders=file.orders,
        first_order_at=file.first_order_at,
        orders_value_cents=file.orders_value_cents,
        band=file.band,
        phase_state=file.phase_state,
        mails=mails,
        next_n=file.next_n,
        enrolments=enrolments.list_pending(connection, client_id),
        campaign_states=campaigns.load_states(connection, parked) if parked else {},
        call=file.call,
        answered=file.answered,
    )


def save_assessment(
    connection: Connection, snapshot: AssessmentSnapshot, score: ClientScore, decision: AssessmentDecision
) -> None:
    """Save the assessment and do what was decided."""
    _save_findings(connection, snapshot, decision)
    assessments.save_assessment(connection, snapshot, score, decision)
    _begin_due_mail(connection, snapshot, score, decision)


def save_score(
    connection: Connection, snapshot: AssessmentSnapshot, score: ClientScore, decision: AssessmentDecision
) -> None:
    """Save the assessment without its plan, which an algorithm may still change."""
    _save_findings(connection, snapshot, decision)
    assessments.save_assessment(connection, snapshot, score, None)


def save_plan(
    connection: Connection, snapshot: AssessmentSnapshot, score: ClientScore, decision: AssessmentDecision
) -> None:
    """Save the plan of an assessment that `save_score` saved, and do what was decided."""
    _save_findings(connection, snapshot, decision)
    assessments.save_plan(connection, snapshot, decision)
    _begin_due_mail(connection, snapshot, score, decision)


def _save_findings(connection: Connection, snapshot: AssessmentSnapshot, decision: AssessmentDecision) -> None:
    """End the call that is of no use any more, and record the client's arm. The exposure is recorded for both arms
    alike before anything is asked or begun: those who were to be mailed are compared with those who would have been."""
    client_id, now = snapshot.client_id, snapshot.now
    if decision.ended_call is not None:
        calls.end_call(connection, decision.ended_call.call_id, CallState.DROPPED, decision.ended_call.outcome, now)
    if decision.exposure is not None:
        enrolments.save_arm(connection, decision.exposure.comparison, client_id, decision.exposure.arm, now)
        if decision.exposure.arm is Arm.CONTROL:
            metrics.next_actions.labels(action="held_out").inc()


def _begin_due_mail(
    connection: Connection, snapshot: AssessmentSnapshot, score: ClientScore, decision: AssessmentDecision
) -> None:
    """Begin the mail that is due, or drop the enrolments of a client who may not be mailed."""
    client_id, now, start = snapshot.client_id, snapshot.now, decision.plan.start
    if decision.plan.closed:
        enrolments.drop_client_pending(connection, client_id, decision.plan.closed, now)
    if start is None or decision.mail is None:
        return
    n = decision.mail.n
    if all(mail.n != n for mail in snapshot.mails):
        ledger.begin_mail(
            connection,
            client_id,
            n,
            start,
            assessment_id=score.id,
            score=score.engagement.score,
            phase=score.state.phase,
            now=now,
        )
    if start.campaign is not None:
        enrolments.mark_queued(connection, start.campaign, client_id, start.key, n, now)
