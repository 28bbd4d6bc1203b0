"""Ask where one client stands and what is due: the one transaction behind every turn of `ClientLifecycle`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from sqlalchemy import Connection
from temporalio import activity

from activities.deciding import Asked, Decider
from activities.house import House
from activities.risk import RiskTeller
from algorithms.risk.telling import Bought
from domain.engagement import Reading, read
from domain.phases import Standing, first_standing, next_standing
from domain.planning import Plan, Situation, Waiting, may_queue, plan
from domain.rhythm import in_rhythm
from models.base import CampaignSlug, ClientId
from models.clock import Clock
from models.lifecycle import Assessment, AssessRequest, Command, NextOutreach
from models.states import OutreachState, Overdue, Phase, TouchKind
from store import campaigns, holds, ledger, mail_facts, order_histories, standing
from store.database import reading as reading_from
from store.database import writing
from store.ledger import Ledger
from store.standing import ClientFile


@dataclass(frozen=True, slots=True)
class _Scored:
    """One client at one moment. `rows`: the client's mails."""

    id: str
    client_id: ClientId
    now: datetime
    reading: Reading
    standing: Standing
    rows: Sequence[Ledger]


class Assess:
    """Load, apply what signals asked for, score, decide, save."""

    def __init__(self, house: House, decider: Decider | None = None) -> None:
        self._house = house
        self._risk = RiskTeller(house.engine, house.settings.home, decider)

    @activity.defn
    def assess(self, request: AssessRequest) -> Assessment:
        """The client's assessment. A client that nobody knows, or that was erased, comes back as erased."""
        asked = self._asked(request)
        with writing(self._house.engine) as connection:
            clock, now = self._house.time(connection, request.at)
            apply(connection, request.client_id, request.commands, clock)
            file = standing.load(connection, request.client_id)
            if file is None:
                return _gone(clock, now)
            scored = self._score(connection, file, now, asked)
            situation = self._situation(connection, file, scored)
            planned = plan(situation, self._house.mail_rules, now)
            due = self._due(connection, planned, scored)
            standing.save_plan(connection, request.client_id, planned.wake_at, planned.next_touch_at, planned.why_not)
        return self._told(clock, scored, situation, planned, due)

    def _asked(self, request: AssessRequest) -> Asked | None:
        """What a plugged risk algorithm says; asked before the transaction, for it may think for a while."""
        if not self._risk.asks():
            return None
        with reading_from(self._house.engine) as connection:
            _, now = self._house.time(connection, request.at)
            orders = order_histories.of_client(connection, request.client_id, now)
        return self._risk.ask(request.client_id, orders, now)

    def _score(self, connection: Connection, file: ClientFile, now: datetime, asked: Asked | None) -> _Scored:
        """Score the client, and keep the score and the standing that follows from it."""
        client_id, last_order = file.client.client_id, file.engagement.last_order_at
        id_ = uuid4().hex
        reading = read(self._house.engagement, file.engagement, now, held=file.band)
        risk = self._risk.told(connection, _bought(file), now, asked, key=id_)
        if risk is not None:
            reading = in_rhythm(self._house.engagement, file.engagement, reading, risk, now)
        if file.standing is None:
            stands = first_standing(file.client.signed_up_at, last_order, reading.band, now)
        else:
            stands = next_standing(file.standing, reading.band, last_order, now)
        standing.save(connection, client_id, id_, stands, reading, now, known=file.standing is not None, risk=risk)
        return _Scored(id_, client_id, now, reading, stands, ledger.of_client(connection, client_id))

    def _situation(self, connection: Connection, file: ClientFile, scored: _Scored) -> Situation:
        return Situation(
            client_id=scored.client_id,
            standing=scored.standing,
            crosses_at=scored.reading.crosses_at,
            facts=mail_facts.load(connection, file.client, self._house.settings.keys.signing, scored.now),
            made={row.reason_key: row.created_at for row in scored.rows},
            waiting=(*campaigns.pending_of(connection, scored.client_id), *_parked(connection, scored)),
            quiz_answered=file.client.quiz is not None,
            busy=ledger.in_turn(scored.rows) is not None,
        )

    def _due(self, connection: Connection, planned: Plan, scored: _Scored) -> NextOutreach | None:
        """The outreach whose workflow must run: the one just allocated, or the one that has the turn already.

        Naming the latter again makes a client whose workflows were lost whole: a start that finds it running does
        nothing.
        """
        client_id, now, start = scored.client_id, scored.now, planned.start
        if planned.closed:
            campaigns.drop_pending_of(connection, client_id, planned.closed, now)
        if start is None:
            busy = ledger.in_turn(scored.rows)
            return None if busy is None else self._named(busy.n, busy.kind, busy.campaign)
        score, phase = scored.reading.score, scored.standing.phase
        n = ledger.allocate(connection, client_id, start, assessment_id=scored.id, score=score, phase=phase, now=now)
        if start.campaign is not None:
            campaigns.queued(connection, start.campaign, client_id, start.key, n, now)
        return self._named(n, start.kind, start.campaign)

    def _named(self, n: int, kind: TouchKind, campaign: CampaignSlug | None) -> NextOutreach:
        return NextOutreach(n=n, kind=kind, campaign=campaign, composer=self._house.settings.composer)

    def _told(
        self, clock: Clock, scored: _Scored, situation: Situation, planned: Plan, due: NextOutreach | None
    ) -> Assessment:
        woken = next((row for row in scored.rows if row.n == planned.wake), None)
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
            held=tuple(str(hold.source) for hold in situation.facts.holds),
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


def _parked(connection: Connection, scored: _Scored) -> list[Waiting]:
    """Parked mails that may queue again."""
    parked = [row for row in scored.rows if row.state == OutreachState.PARKED]
    states = campaigns.states(connection, {row.campaign for row in parked if row.campaign})
    return [
        Waiting(priority=row.priority, key=row.reason_key, campaign=row.campaign, n=row.n)
        for row in parked
        if may_queue(row.code, row.epoch, row.updated_at, states.get(row.campaign), scored.now)
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
