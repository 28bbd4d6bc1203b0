"""Ask where one client stands and what is due: the one transaction behind every turn of `ClientLifecycle`, and a second
where an algorithm is asked in between what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import uuid4

from sqlalchemy import Connection
from temporalio import activity

from algorithms.risk.telling import Bought
from domain.eligibility import MailFacts, SendDecision, may_plan
from domain.engagement import EngagementScore, read
from domain.next_actions import OpenCall, call_ends
from domain.phases import PhaseState, first_standing, next_standing
from domain.planning import Plan, Situation, Start, Waiting, may_queue, plan
from domain.rhythm import Risk, in_rhythm
from models.base import CampaignSlug, ClientId
from models.calls import CallState
from models.clock import Clock
from models.lifecycle import Assessment, AssessRequest, Command, NextOutreach
from models.states import OutreachState, Overdue, Phase, TouchKind
from services.assessment.holdouts import held_out
from services.assessment.next_actions import NextActions, Occasion, told
from services.assessment.risk import RiskService
from services.context import ServiceContext
from services.decisions.decider import Asked, Decider
from store.campaigns import campaigns
from store.clients import assessments as standing
from store.clients import calls, holds, order_histories
from store.clients.assessments import ClientFile
from store.database import read_transaction as reading_from
from store.database import write_transaction
from store.mail import ledger, mail_facts
from store.mail.ledger import Ledger


@dataclass(frozen=True, slots=True)
class _Scored:
    """One client at one moment."""

    id: str
    client_id: ClientId
    now: datetime
    reading: EngagementScore
    standing: PhaseState
    risk: Risk | None


@dataclass(frozen=True, slots=True)
class _Turn:
    """What comes next, and what that rests on. `rows`: the client's mails. `chosen`: instead of a mail, and by whom."""

    scored: _Scored
    rows: Sequence[Ledger]
    situation: Situation
    planned: Plan
    chosen: str = ""


class Assess:
    """Load, apply what signals asked for, score, decide, save."""

    def __init__(self, context: ServiceContext, decider: Decider | None = None) -> None:
        self._context = context
        self._risk = RiskService(context.engine, context.settings.home, decider)
        self._next_actions = NextActions(context, decider)

    @activity.defn
    def assess(self, request: AssessRequest) -> Assessment:
        """The client's assessment. A client that nobody knows, or that was erased, comes back as erased."""
        asked = self._asked(request)
        with write_transaction(self._context.engine) as connection:
            clock, now = self._context.business_time(connection, request.at)
            apply(connection, request.client_id, request.commands, clock)
            file = standing.load(connection, request.client_id)
            if file is None:
                return _gone(clock, now)
            turn = self._turn(connection, file, self._score(connection, file, now, asked))
            turn = self._without_held_out(connection, file, turn)
            start = turn.planned.start
            if start is None or not self._next_actions.asks(start):
                return self._settled(connection, clock, turn)
        return self._chosen(clock, turn.scored, start)

    def _asked(self, request: AssessRequest) -> Asked | None:
        """What a plugged risk algorithm says; asked before the transaction, for it may think for a while."""
        if not self._risk.asks():
            return None
        with reading_from(self._context.engine) as connection:
            _, now = self._context.business_time(connection, request.at)
            orders = order_histories.of_client(connection, request.client_id, now)
        return self._risk.ask(request.client_id, orders, now)

    def _score(self, connection: Connection, file: ClientFile, now: datetime, asked: Asked | None) -> _Scored:
        """Score the client, and keep the score and the standing that follows from it."""
        client_id, last_order = file.client.client_id, file.engagement.last_order_at
        id_ = uuid4().hex
        reading = read(self._context.engagement, file.engagement, now, held=file.band)
        risk = self._risk.told(connection, _bought(file), now, asked, key=id_)
        if risk is not None:
            reading = in_rhythm(self._context.engagement, file.engagement, reading, risk, now)
        if file.standing is None:
            stands = first_standing(file.client.signed_up_at, last_order, reading.band, now)
        else:
            stands = next_standing(file.standing, reading.band, last_order, now)
        standing.save(connection, client_id, id_, stands, reading, now, known=file.standing is not None, risk=risk)
        return _Scored(id_, client_id, now, reading, stands, risk)

    def _chosen(self, clock: Clock, scored: _Scored, start: Start) -> Assessment:
        """Ask about the mail that is due, outside any transaction; then look again at what may have changed meanwhile,
        and do what was answered if it is still the one that is due."""
        of = Occasion(start, scored.client_id, scored.id, scored.reading.score, scored.risk, scored.now)
        said = self._next_actions.ask(of)
        with write_transaction(self._context.engine) as connection:
            file = standing.load(connection, scored.client_id)
            if file is None:
                return _gone(clock, scored.now)
            turn, chosen = self._turn(connection, file, scored), ""
            if turn.planned.start == start:
                chosen = told(self._next_actions.act(connection, of, said, file.answered))
                turn = self._turn(connection, standing.load(connection, scored.client_id) or file, scored)
            return self._settled(connection, clock, replace(turn, chosen=chosen))

    def _turn(self, connection: Connection, file: ClientFile, scored: _Scored) -> _Turn:
        """What comes next; nothing is begun yet."""
        rows = ledger.of_client(connection, scored.client_id)
        situation = self._situation(connection, file, scored, rows)
        return _Turn(scored, rows, situation, plan(situation, self._context.mail_rules, scored.now))

    def _without_held_out(self, connection: Connection, file: ClientFile, turn: _Turn) -> _Turn:
        """What comes next if the mail that is due is one that the client is held out of."""
        scored, share = turn.scored, self._context.settings.holdout_share
        if not held_out(connection, scored.client_id, turn.planned.start, file.answered, share, scored.now):
            return turn
        return self._turn(connection, standing.load(connection, scored.client_id) or file, scored)

    def _situation(
        self, connection: Connection, file: ClientFile, scored: _Scored, rows: Sequence[Ledger]
    ) -> Situation:
        facts = mail_facts.load(connection, file.client, self._context.settings.keys.signing, scored.now)
        return Situation(
            client_id=scored.client_id,
            standing=scored.standing,
            crosses_at=scored.reading.crosses_at,
            facts=facts,
            made={row.reason_key: row.created_at for row in rows},
            answered=file.answered,
            call=self._call(connection, file.call, facts, scored) if file.call else None,
            waiting=(*campaigns.pending_of(connection, scored.client_id), *_parked(connection, rows, scored.now)),
            quiz_answered=file.client.quiz is not None,
            busy=ledger.in_turn(rows) is not None,
        )

    def _call(self, connection: Connection, call: OpenCall, facts: MailFacts, scored: _Scored) -> OpenCall | None:
        """The call that a stylist is to make; one that is of no use any more is dropped."""
        answer = may_plan(facts, self._context.mail_rules, scored.now)
        barred = answer.code if answer.door in (SendDecision.CLOSED, SendDecision.PARK) else ""
        why = call_ends(call, scored.standing.phase, barred, scored.now)
        if why:
            calls.end(connection, call.call_id, CallState.DROPPED, why, scored.now)
        return None if why else call

    def _settled(self, connection: Connection, clock: Clock, turn: _Turn) -> Assessment:
        """Begin what is due and keep the plan, for pages and for `why-not`."""
        planned = turn.planned
        due = self._due(connection, turn)
        client_id = turn.scored.client_id
        standing.save_plan(connection, client_id, planned.wake_at, planned.next_touch_at, planned.why_not)
        return self._told(clock, turn, due)

    def _due(self, connection: Connection, turn: _Turn) -> NextOutreach | None:
        """The outreach whose workflow must run: the one just allocated, or the one that has the turn already.

        Naming the latter again makes a client whose workflows were lost whole: a start that finds it running does
        nothing.
        """
        scored, start = turn.scored, turn.planned.start
        client_id, now = scored.client_id, scored.now
        if turn.planned.closed:
            campaigns.drop_pending_of(connection, client_id, turn.planned.closed, now)
        if start is None:
            busy = ledger.in_turn(turn.rows)
            return None if busy is None else self._named(busy.n, busy.kind, busy.campaign)
        score, phase = scored.reading.score, scored.standing.phase
        n = ledger.allocate(connection, client_id, start, assessment_id=scored.id, score=score, phase=phase, now=now)
        if start.campaign is not None:
            campaigns.queued(connection, start.campaign, client_id, start.key, n, now)
        return self._named(n, start.kind, start.campaign)

    def _named(self, n: int, kind: TouchKind, campaign: CampaignSlug | None) -> NextOutreach:
        return NextOutreach(n=n, kind=kind, campaign=campaign, composer=self._context.settings.composer)

    def _told(self, clock: Clock, turn: _Turn, due: NextOutreach | None) -> Assessment:
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
            wake=self._named(woken.n, woken.kind, woken.campaign) if woken else None,
            wake_overdue=Overdue(woken.overdue) if woken and woken.overdue else Overdue.REPLAN,
            next_touch_at=planned.next_touch_at,
            why_not=planned.why_not,
            held=tuple(str(hold.source) for hold in turn.situation.facts.holds),
            chosen=turn.chosen,
        )


def apply(connection: Connection, client_id: ClientId, commands: Sequence[Command], clock: Clock) -> None:
    """Do what signals and updates asked for. Doing it twice is doing it once."""
    for command in commands:
        match command.kind:
            case "pause":
                holds.hold(connection, client_id, command.source, command.reason, clock.business(command.at))
            case "resume":
                holds.lift(connection, client_id, command.source, command.overdue)
            case "adjust" if command.policy is not None:
                holds.set_policy(connection, client_id, command.policy)


def _parked(connection: Connection, rows: Sequence[Ledger], now: datetime) -> list[Waiting]:
    """Parked mails that may queue again."""
    parked = [row for row in rows if row.state == OutreachState.PARKED]
    states = campaigns.states(connection, {row.campaign for row in parked if row.campaign})
    return [
        Waiting(priority=row.priority, key=row.reason_key, campaign=row.campaign, n=row.n)
        for row in parked
        if may_queue(row.code, row.epoch, row.updated_at, states.get(row.campaign), now)
    ]


def _bought(file: ClientFile) -> Bought:
    row = file.client
    return Bought(
        orders=row.orders or 0,
        first_at=row.first_order_at,
        last_at=row.last_order_at,
        value_cents=row.orders_value_cents or 0,
        signed_up_at=row.signed_up_at,
    )


def _gone(clock: Clock, now: datetime) -> Assessment:
    return Assessment(
        id="none", clock=clock, phase=Phase.ERASED, band="lapsed", score=0.0, wake_at=now, why_not="No such client."
    )
