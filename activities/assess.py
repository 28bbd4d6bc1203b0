"""Ask where one client stands and what is due: the one transaction behind every turn of `ClientLifecycle`, and a second
where an algorithm is asked in between what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import uuid4

from sqlalchemy import Connection
from temporalio import activity

from algorithms.risk.forecast import ClientOrders
from domain.churn_risk import ChurnRisk, apply_churn_risk
from domain.eligibility import MailFacts, SendDecision, may_plan
from domain.engagement import EngagementScore, score_client
from domain.next_actions import OpenCall, explain_call_end
from domain.phases import PhaseState, advance_phase, start_phase
from domain.planning import ClientPlan, MailStart, QueuedMail, Situation, may_queue, plan_next_step
from models.base import CampaignSlug, ClientId
from models.calls import CallState
from models.clock import Clock
from models.lifecycle import Assessment, AssessRequest, NextOutreach
from models.states import OutreachState, Overdue, Phase, TouchKind
from services.assessment import commands
from services.assessment.holdouts import hold_out
from services.assessment.next_actions import NextActionService, NextActionTrigger, describe_action
from services.assessment.risk import RiskService
from services.context import ServiceContext
from services.decisions.decider import Decider, PendingDecision
from store.campaigns import campaigns
from store.clients import assessments as standing
from store.clients import calls, order_histories
from store.clients.assessments import ClientFile
from store.database import read_transaction as reading_from
from store.database import write_transaction
from store.mail import ledger, mail_facts
from store.mail.ledger import PlannedMail


@dataclass(frozen=True, slots=True)
class _ClientScore:
    """One client at one moment."""

    id: str
    client_id: ClientId
    now: datetime
    reading: EngagementScore
    standing: PhaseState
    risk: ChurnRisk | None


@dataclass(frozen=True, slots=True)
class _Turn:
    """What comes next, and what that rests on. `rows`: the client's mails. `chosen`: instead of a mail, and by whom."""

    scored: _ClientScore
    rows: Sequence[PlannedMail]
    situation: Situation
    planned: ClientPlan
    chosen: str = ""


class AssessmentSteps:
    """Load, apply what signals asked for, score, decide, save."""

    def __init__(self, context: ServiceContext, decider: Decider | None = None) -> None:
        self._context = context
        self._risk = RiskService(context.engine, context.settings.home, decider)
        self._next_actions = NextActionService(context, decider)

    @activity.defn
    def assess(self, request: AssessRequest) -> Assessment:
        """Assess the client. One that nobody knows, or that was erased, comes back as erased."""
        risk_answer = self._ask_risk(request)
        with write_transaction(self._context.engine) as connection:
            clock, now = self._context.load_business_time(connection, request.at)
            commands.apply_commands(connection, request.client_id, request.commands, clock)
            file = standing.load_client_file(connection, request.client_id)
            if file is None:
                return _build_erased(clock, now)
            turn = self._turn(connection, file, self._score(connection, file, now, risk_answer))
            turn = self._without_held_out(connection, file, turn)
            start = turn.planned.start
            if start is None or not self._next_actions.has_algorithm(start):
                return self._settle(connection, clock, turn)
        return self._choose_action(clock, turn.scored, start)

    def _ask_risk(self, request: AssessRequest) -> PendingDecision | None:
        """Ask a plugged risk algorithm, before the transaction, for it may think for a while."""
        if not self._risk.has_algorithm():
            return None
        with reading_from(self._context.engine) as connection:
            _, now = self._context.load_business_time(connection, request.at)
            orders = order_histories.load_client_orders(connection, request.client_id, now)
        return self._risk.ask(request.client_id, orders, now)

    def _score(
        self, connection: Connection, file: ClientFile, now: datetime, risk_answer: PendingDecision | None
    ) -> _ClientScore:
        """Score the client, and keep the score and the standing that follows from it."""
        client_id, last_order = file.client.client_id, file.engagement.last_order_at
        id_ = uuid4().hex
        reading = score_client(self._context.engagement, file.engagement, now, held=file.band)
        risk = self._risk.forecast(connection, _build_purchases(file), now, risk_answer, key=id_)
        if risk is not None:
            reading = apply_churn_risk(self._context.engagement, file.engagement, reading, risk, now)
        if file.phase_state is None:
            state = start_phase(file.client.signed_up_at, last_order, reading.band, now)
        else:
            state = advance_phase(file.phase_state, reading.band, last_order, now)
        standing.save_assessment(
            connection, client_id, id_, state, reading, now, known=file.phase_state is not None, risk=risk
        )
        return _ClientScore(id_, client_id, now, reading, state, risk)

    def _choose_action(self, clock: Clock, scored: _ClientScore, start: MailStart) -> Assessment:
        """Ask about the mail that is due, outside any transaction; then look again at what may have changed meanwhile,
        and do what was answered if it is still the one that is due."""
        occasion = NextActionTrigger(start, scored.client_id, scored.id, scored.reading.score, scored.risk, scored.now)
        answer = self._next_actions.ask(occasion)
        with write_transaction(self._context.engine) as connection:
            file = standing.load_client_file(connection, scored.client_id)
            if file is None:
                return _build_erased(clock, scored.now)
            turn, chosen = self._turn(connection, file, scored), ""
            if turn.planned.start == start:
                chosen = describe_action(self._next_actions.act(connection, occasion, answer, file.answered))
                turn = self._turn(connection, standing.load_client_file(connection, scored.client_id) or file, scored)
            return self._settle(connection, clock, replace(turn, chosen=chosen))

    def _turn(self, connection: Connection, file: ClientFile, scored: _ClientScore) -> _Turn:
        """Plan what comes next; nothing is begun yet."""
        rows = ledger.load_client_mails(connection, scored.client_id)
        situation = self._situation(connection, file, scored, rows)
        return _Turn(scored, rows, situation, plan_next_step(situation, self._context.mail_rules, scored.now))

    def _without_held_out(self, connection: Connection, file: ClientFile, turn: _Turn) -> _Turn:
        """Plan again if the mail that is due is one that the client is held out of."""
        scored, share = turn.scored, self._context.settings.holdout_share
        if not hold_out(connection, scored.client_id, turn.planned.start, file.answered, share, scored.now):
            return turn
        return self._turn(connection, standing.load_client_file(connection, scored.client_id) or file, scored)

    def _situation(
        self, connection: Connection, file: ClientFile, scored: _ClientScore, rows: Sequence[PlannedMail]
    ) -> Situation:
        facts = mail_facts.load_mail_facts(connection, file.client, self._context.settings.keys.signing, scored.now)
        return Situation(
            client_id=scored.client_id,
            standing=scored.standing,
            crosses_at=scored.reading.crosses_at,
            facts=facts,
            made={row.reason_key: row.created_at for row in rows},
            answered=file.answered,
            call=self._call(connection, file.call, facts, scored) if file.call else None,
            waiting=(
                *campaigns.list_pending(connection, scored.client_id),
                *_list_parked(connection, rows, scored.now),
            ),
            quiz_answered=file.client.quiz is not None,
            busy=ledger.find_in_turn(rows) is not None,
        )

    def _call(self, connection: Connection, call: OpenCall, facts: MailFacts, scored: _ClientScore) -> OpenCall | None:
        """Return the call that a stylist is to make; drop one that is of no use any more."""
        answer = may_plan(facts, self._context.mail_rules, scored.now)
        barred = answer.code if answer.door in (SendDecision.CLOSED, SendDecision.PARK) else ""
        why = explain_call_end(call, scored.standing.phase, barred, scored.now)
        if why:
            calls.end_call(connection, call.call_id, CallState.DROPPED, why, scored.now)
        return None if why else call

    def _settle(self, connection: Connection, clock: Clock, turn: _Turn) -> Assessment:
        """Begin what is due and keep the plan, for pages and for `why-not`."""
        planned = turn.planned
        due = self._due(connection, turn)
        client_id = turn.scored.client_id
        standing.save_plan(connection, client_id, planned.wake_at, planned.next_touch_at, planned.why_not)
        return self._build_assessment(clock, turn, due)

    def _due(self, connection: Connection, turn: _Turn) -> NextOutreach | None:
        """Return the outreach whose workflow must run: the one just allocated, or the one that has the turn already.

        Naming the latter again makes a client whose workflows were lost whole: a start that finds it running does
        nothing.
        """
        scored, start = turn.scored, turn.planned.start
        client_id, now = scored.client_id, scored.now
        if turn.planned.closed:
            campaigns.drop_client_pending(connection, client_id, turn.planned.closed, now)
        if start is None:
            busy = ledger.find_in_turn(turn.rows)
            return None if busy is None else self._build_next_outreach(busy.n, busy.kind, busy.campaign)
        score, phase = scored.reading.score, scored.standing.phase
        n = ledger.allocate_mail(
            connection, client_id, start, assessment_id=scored.id, score=score, phase=phase, now=now
        )
        if start.campaign is not None:
            campaigns.mark_queued(connection, start.campaign, client_id, start.key, n, now)
        return self._build_next_outreach(n, start.kind, start.campaign)

    def _build_next_outreach(self, n: int, kind: TouchKind, campaign: CampaignSlug | None) -> NextOutreach:
        return NextOutreach(n=n, kind=kind, campaign=campaign, composer=self._context.settings.composer)

    def _build_assessment(self, clock: Clock, turn: _Turn, due: NextOutreach | None) -> Assessment:
        scored, planned = turn.scored, turn.planned
        woken = next((row for row in turn.rows if row.n == planned.wake), None)
        return Assessment(
            id=scored.id,
            clock=clock,
            phase=scored.standing.phase,
            band=scored.reading.band,
            score=scored.reading.score,
            crosses_at=scored.reading.crosses_at,
            wake_at=planned.wake_at,
            start=due,
            wake=self._build_next_outreach(woken.n, woken.kind, woken.campaign) if woken else None,
            wake_overdue=Overdue(woken.overdue) if woken and woken.overdue else Overdue.REPLAN,
            next_touch_at=planned.next_touch_at,
            why_not=planned.why_not,
            held=tuple(str(hold.source) for hold in turn.situation.facts.holds),
            chosen=turn.chosen,
        )


def _list_parked(connection: Connection, rows: Sequence[PlannedMail], now: datetime) -> list[QueuedMail]:
    """List the parked mails that may queue again."""
    parked = [row for row in rows if row.state == OutreachState.PARKED]
    states = campaigns.load_states(connection, {row.campaign for row in parked if row.campaign})
    return [
        QueuedMail(priority=row.priority, key=row.reason_key, campaign=row.campaign, n=row.n)
        for row in parked
        if may_queue(row.code, row.epoch, row.updated_at, states.get(row.campaign or ""), now)
    ]


def _build_purchases(file: ClientFile) -> ClientOrders:
    row = file.client
    return ClientOrders(
        orders=row.orders or 0,
        first_at=row.first_order_at,
        last_at=row.last_order_at,
        value_cents=row.orders_value_cents or 0,
        signed_up_at=row.signed_up_at,
    )


def _build_erased(clock: Clock, now: datetime) -> Assessment:
    return Assessment(
        id="none", clock=clock, phase=Phase.ERASED, band="lapsed", score=0.0, wake_at=now, why_not="No such client."
    )
