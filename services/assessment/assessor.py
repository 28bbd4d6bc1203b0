"""Assess one client: load a snapshot, score and decide, save. An algorithm that has a part in the slot `next_action` is
asked between two transactions, so that no lock is held while it thinks."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import uuid4

from sqlalchemy import Connection

from domain.assessment import (
    AssessmentDecision,
    AssessmentRules,
    AssessmentSnapshot,
    ClientScore,
    NextMail,
    decide_next,
)
from domain.enrolment import record_arm
from domain.next_actions import DRIFT_MAILS
from domain.outreach import ClientMail
from models.actors import TEMPORAL
from models.calls import CallState
from models.clock import Clock
from models.lifecycle import Assessment, AssessRequest, NextOutreach
from models.states import Arm, Overdue, Phase
from services import metrics
from services.assessment import next_actions
from services.assessment.next_actions import NextActionService, NextActionTrigger
from services.assessment.scoring import SlotAnswers, SlotScoring
from services.assessment.snapshots import load_snapshot
from services.clients import steering
from services.context import ServiceContext
from services.decisions.decider import Decider, PendingDecision
from store.campaigns import enrolments
from store.clients import assessments, calls
from store.database import write_transaction
from store.mail import ledger


class _OpenQuestion(NamedTuple):
    """A mail that is due, about which an algorithm is to be asked first."""

    trigger: NextActionTrigger
    score: ClientScore
    clock: Clock


def build_rules(context: ServiceContext) -> AssessmentRules:
    """Build the constants of assessments from settings."""
    settings = context.settings
    return AssessmentRules(
        context.engagement, context.mail_rules, settings.holdout_share, settings.engagement_recheck_days
    )


class Assessor:
    """Assesses clients. One for a process; safe from many threads."""

    def __init__(self, context: ServiceContext, decider: Decider | None = None) -> None:
        self._context = context
        self._composer = context.settings.composer
        self._rules = build_rules(context)
        self._decider = decider or Decider()
        self._scoring = SlotScoring(context, self._rules, self._decider)
        self._next_actions = NextActionService(context, self._decider)

    def assess(self, request: AssessRequest) -> Assessment:
        """Assess the client and begin what is due. One that nobody knows, or that was erased, comes back as erased."""
        result = self._score_and_decide(request, self._scoring.ask(request))
        if isinstance(result, Assessment):
            return result
        return self._decide_after_answer(result, self._next_actions.ask(result.trigger))

    def _score_and_decide(self, request: AssessRequest, answers: SlotAnswers) -> Assessment | _OpenQuestion:
        """Apply what signals asked for, score and decide. Where an algorithm is to be asked about the mail that is due,
        only the score is saved."""
        with write_transaction(self._context.engine) as connection:
            clock, now = self._context.load_business_time(connection, request.at)
            if request.commands:
                steering.apply_commands(connection, TEMPORAL, request.client_id, request.commands, clock)
            snapshot = load_snapshot(self._context, connection, request.client_id, now)
            if snapshot is None:
                return _build_erased(clock, now)
            score = self._scoring.score(connection, snapshot, answers, uuid4().hex)
            decision = decide_next(snapshot, score, self._rules)
            start = decision.plan.start
            asks = start is not None and start.kind in DRIFT_MAILS and start.of_phase
            if start is None or not asks or not self._decider.has_algorithm(next_actions.SLOT):
                _save_assessment(connection, snapshot, score, decision)
                return self._build_assessment(clock, snapshot, score, decision)
            _save_score(connection, snapshot, score, decision)
        trigger = NextActionTrigger(start, snapshot.client_id, score.id, score.engagement.score, score.risk, now)
        return _OpenQuestion(trigger, score, clock)

    def _decide_after_answer(self, question: _OpenQuestion, answer: PendingDecision) -> Assessment:
        """Look again at what may have changed meanwhile, and do what was answered if that mail is still due."""
        trigger, score, chosen = question.trigger, question.score, ""
        with write_transaction(self._context.engine) as connection:
            loaded = load_snapshot(self._context, connection, trigger.client_id, trigger.now)
            if loaded is None:
                return _build_erased(question.clock, trigger.now)
            decision = decide_next(loaded, score, self._rules)
            if decision.plan.start == trigger.start:
                taken = self._next_actions.act(connection, trigger, answer)
                chosen = taken.description
                if taken.answer is not None:
                    answered = loaded.add_answer(taken.answer, taken.call)
                    decision = decide_next(answered, score, self._rules)
                elif taken.offer is not None:
                    decision = decision.add_offer(taken.offer)
            _save_plan(connection, loaded, score, decision)
            return self._build_assessment(question.clock, loaded, score, decision, chosen)

    def _build_assessment(
        self,
        clock: Clock,
        snapshot: AssessmentSnapshot,
        score: ClientScore,
        decision: AssessmentDecision,
        chosen: str = "",
    ) -> Assessment:
        plan, woken = decision.plan, decision.woken
        return Assessment(
            id=score.id,
            clock=clock,
            phase=score.state.phase,
            band=score.engagement.band,
            score=score.engagement.score,
            crosses_at=score.engagement.crosses_at,
            wake_at=plan.wake_at,
            start=self._build_next_outreach(decision.mail),
            wake=self._build_next_outreach(woken),
            wake_overdue=woken.overdue if woken and woken.overdue else Overdue.REPLAN,
            next_touch_at=plan.next_touch_at,
            why_not=plan.why_not,
            held=tuple(str(hold.source) for hold in snapshot.facts.holds if hold.is_in_force(snapshot.now)),
            chosen=chosen,
        )

    def _build_next_outreach(self, mail: NextMail | ClientMail | None) -> NextOutreach | None:
        if mail is None:
            return None
        return NextOutreach(n=mail.n, kind=mail.kind, campaign=mail.campaign, composer=self._composer)


def _build_erased(clock: Clock, now: datetime) -> Assessment:
    return Assessment(
        id="none", clock=clock, phase=Phase.ERASED, band="lapsed", score=0.0, wake_at=now, why_not="No such client."
    )


def _save_assessment(
    connection: Connection, snapshot: AssessmentSnapshot, score: ClientScore, decision: AssessmentDecision
) -> None:
    """Save the assessment and do what was decided."""
    save_findings(connection, snapshot, decision)
    assessments.save_assessment(connection, snapshot, score, decision)
    _begin_due_mail(connection, snapshot, score, decision)


def _save_score(
    connection: Connection, snapshot: AssessmentSnapshot, score: ClientScore, decision: AssessmentDecision
) -> None:
    """Save the assessment without its plan, which an algorithm may still change."""
    save_findings(connection, snapshot, decision)
    assessments.save_assessment(connection, snapshot, score, None)


def _save_plan(
    connection: Connection, snapshot: AssessmentSnapshot, score: ClientScore, decision: AssessmentDecision
) -> None:
    """Save the plan of an assessment that `_save_score` saved, and do what was decided."""
    save_findings(connection, snapshot, decision)
    assessments.save_plan(connection, snapshot, decision)
    _begin_due_mail(connection, snapshot, score, decision)


def save_findings(connection: Connection, snapshot: AssessmentSnapshot, decision: AssessmentDecision) -> None:
    """End the call that is of no use any more, and record the client's arm. The exposure is recorded for both arms
    alike before anything is asked or begun: those who were to be mailed are compared with those who would have been."""
    client_id, now = snapshot.client_id, snapshot.now
    if decision.ended_call is not None:
        calls.end_call(connection, decision.ended_call.call_id, CallState.DROPPED, decision.ended_call.outcome, now)
    if decision.exposure is not None:
        exposed = record_arm(client_id, decision.exposure.arm)
        enrolments.save_enrolments(connection, decision.exposure.comparison, "1", [exposed], now)
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
    if start.campaign is not None and not start.of_phase:
        queued = enrolments.QueuedEnrolment(start.campaign, client_id, start.key, n, start.step)
        enrolments.mark_queued(connection, [queued], now)
