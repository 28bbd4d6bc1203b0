"""Assess one client: load a snapshot, score and decide, save. An algorithm that has a part in the slot `next_action` is
asked between two transactions, so that no lock is held while it thinks."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple
from uuid import uuid4

from domain.assessment import (
    AssessmentDecision,
    AssessmentRules,
    AssessmentSnapshot,
    ClientScore,
    NextMail,
    decide_next,
)
from domain.outreach import ClientMail
from models.actors import TEMPORAL
from models.clock import Clock
from models.lifecycle import Assessment, AssessRequest, NextOutreach
from models.states import Overdue, Phase
from services.assessment import snapshots
from services.assessment.next_actions import NextActionService, NextActionTrigger
from services.assessment.slot_answers import SlotAnswers, SlotScoring
from services.clients import steering
from services.context import ServiceContext
from services.decisions.decider import Decider, PendingDecision
from store.database import write_transaction


class _OpenQuestion(NamedTuple):
    """A mail that is due, about which an algorithm is to be asked first."""

    trigger: NextActionTrigger
    score: ClientScore
    clock: Clock


class Assessor:
    """Assesses clients. One for a process; safe from many threads."""

    def __init__(self, context: ServiceContext, decider: Decider | None = None) -> None:
        self._context, self._signing_key = context, context.settings.keys.signing
        settings = context.settings
        self._composer = settings.composer
        self._rules = AssessmentRules(
            context.engagement, context.mail_rules, settings.holdout_share, settings.engagement_recheck_days
        )
        self._scoring = SlotScoring(context, self._rules, decider)
        self._next_actions = NextActionService(context, decider)

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
            snapshot = snapshots.load_snapshot(connection, request.client_id, self._signing_key, now)
            if snapshot is None:
                return _build_erased(clock, now)
            score = self._scoring.score(connection, snapshot, answers, uuid4().hex)
            decision = decide_next(snapshot, score, self._rules)
            start = decision.plan.start
            if start is None or not self._next_actions.has_algorithm(start):
                snapshots.save_assessment(connection, snapshot, score, decision)
                return self._build_assessment(clock, snapshot, score, decision)
            snapshots.save_score(connection, snapshot, score, decision)
        trigger = NextActionTrigger(start, snapshot.client_id, score.id, score.engagement.score, score.risk, now)
        return _OpenQuestion(trigger, score, clock)

    def _decide_after_answer(self, question: _OpenQuestion, answer: PendingDecision) -> Assessment:
        """Look again at what may have changed meanwhile, and do what was answered if that mail is still due."""
        trigger, score, chosen = question.trigger, question.score, ""
        with write_transaction(self._context.engine) as connection:
            loaded = snapshots.load_snapshot(connection, trigger.client_id, self._signing_key, trigger.now)
            if loaded is None:
                return _build_erased(question.clock, trigger.now)
            decision = decide_next(loaded, score, self._rules)
            if decision.plan.start == trigger.start:
                taken = self._next_actions.act(connection, trigger, answer)
                chosen = taken.description
                if taken.answer is not None:
                    answered = loaded.add_answer(taken.answer, taken.call)
                    decision = decide_next(answered, score, self._rules)
            snapshots.save_plan(connection, loaded, score, decision)
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
            held=tuple(str(hold.source) for hold in snapshot.facts.holds),
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
