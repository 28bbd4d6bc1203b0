"""Ask where one client stands and what is due: the one transaction behind every turn of `ClientLifecycle`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal
from uuid import uuid4

from sqlalchemy import Connection
from temporalio import activity

from activities.house import House
from domain.engagement import Reading, read
from domain.phases import Standing, first_standing, next_standing
from domain.planning import Plan, Situation, Waiting, plan
from models.base import CampaignSlug, ClientId
from models.clock import Clock
from models.lifecycle import Assessment, AssessRequest, Command, NextOutreach
from models.states import CampaignState, OutreachState, Overdue, Phase, TouchKind
from store import campaigns, holds, ledger, mail_facts, standing
from store.database import writing
from store.ledger import Ledger

LOOK_AGAIN = timedelta(days=1)
"""A parked mail whose campaign runs again is let through after this long, even if the drain never came to it."""


class Assess:
    """Load, apply what signals asked for, score, decide, save."""

    def __init__(self, house: House) -> None:
        self._house = house

    @activity.defn
    def assess(self, request: AssessRequest) -> Assessment:
        """The client's assessment. A client that nobody knows, or that was erased, comes back as erased."""
        with writing(self._house.engine) as connection:
            clock, now = self._house.time(connection, request.at)
            apply(connection, request.client_id, request.commands, clock)
            file = standing.load(connection, request.client_id)
            if file is None:
                return _gone(clock, now)
            reading = read(self._house.engagement, file.engagement, now, held=file.band)
            stands = _stand(file, reading, now)
            assessment_id = uuid4().hex
            standing.save(
                connection, request.client_id, assessment_id, stands, reading, now, known=file.standing is not None
            )
            rows = ledger.of_client(connection, request.client_id)
            situation = self._situation(connection, file, stands, reading, rows, now)
            planned = plan(situation, self._house.mail_rules, now)
            started = self._start(connection, request.client_id, planned, stands, assessment_id, reading, rows, now)
            standing.save_plan(connection, request.client_id, planned.wake_at, planned.next_touch_at, planned.why_not)
            return Assessment(
                id=assessment_id,
                clock=clock,
                phase=stands.phase,
                band=reading.band,
                score=reading.score,
                crosses_at=reading.crosses_at,
                wake_at=planned.wake_at,
                start=started,
                wake=self._woken(rows, planned.wake),
                wake_overdue=_overdue(rows, planned.wake),
                next_touch_at=planned.next_touch_at,
                why_not=planned.why_not,
                held=tuple(str(h.source) for h in situation.facts.holds),
            )

    def _situation(
        self,
        connection: Connection,
        file: standing.ClientFile,
        stands: Standing,
        reading: Reading,
        rows: Sequence[Ledger],
        now: datetime,
    ) -> Situation:
        client_id = file.client.client_id
        return Situation(
            client_id=client_id,
            standing=stands,
            crosses_at=reading.crosses_at,
            facts=mail_facts.load(connection, file.client, self._house.settings.keys.signing, now),
            made={row.reason_key: row.created_at for row in rows},
            waiting=(*campaigns.pending_of(connection, client_id), *_parked(connection, rows, now)),
            quiz_answered=file.client.quiz is not None,
            busy=ledger.in_turn(rows) is not None,
        )

    def _start(
        self,
        connection: Connection,
        client_id: ClientId,
        planned: Plan,
        stands: Standing,
        assessment_id: str,
        reading: Reading,
        rows: Sequence[Ledger],
        now: datetime,
    ) -> NextOutreach | None:
        """The outreach whose workflow must run: the one just allocated, or the one that has the turn already.

        Naming the latter again makes a client whose workflows were lost whole: a start that finds it running does
        nothing.
        """
        if planned.closed:
            campaigns.drop_pending_of(connection, client_id, planned.closed, now)
        if planned.start is not None:
            n = ledger.allocate(
                connection,
                client_id,
                planned.start,
                assessment_id=assessment_id,
                score=reading.score,
                phase=stands.phase,
                now=now,
            )
            if planned.start.campaign is not None:
                campaigns.queued(connection, planned.start.campaign, client_id, planned.start.key, n, now)
            return self._named(n, planned.start.kind, planned.start.campaign)
        busy = ledger.in_turn(rows)
        return None if busy is None else self._named(busy.n, busy.kind, busy.campaign)

    def _named(self, n: int, kind: TouchKind, campaign: CampaignSlug | None) -> NextOutreach:
        composer: Literal["model", "house"] = "model" if self._house.settings.composer == "model" else "house"
        return NextOutreach(n=n, kind=kind, campaign=campaign, composer=composer)

    def _woken(self, rows: Sequence[Ledger], n: int | None) -> NextOutreach | None:
        row = next((row for row in rows if row.n == n), None)
        return None if row is None else self._named(row.n, row.kind, row.campaign)


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


def _stand(file: standing.ClientFile, reading: Reading, now: datetime) -> Standing:
    last_order = file.engagement.last_order_at
    if file.standing is None:
        return first_standing(file.client.signed_up_at, last_order, reading.band, now)
    return next_standing(file.standing, reading.band, last_order, now)


def _parked(connection: Connection, rows: Sequence[Ledger], now: datetime) -> list[Waiting]:
    """Parked mails that may queue again: not of a paused campaign, and let through by its drain."""
    parked = [row for row in rows if row.state == OutreachState.PARKED]
    states = campaigns.states(connection, {row.campaign for row in parked if row.campaign})
    return [
        Waiting(priority=row.priority, key=row.reason_key, campaign=row.campaign, n=row.n)
        for row in parked
        if _may_queue(row, states, now)
    ]


def _may_queue(row: Ledger, states: dict[str, tuple[CampaignState, int]], now: datetime) -> bool:
    if row.code == "paused_by_itself":
        return False  # a signal to the mail's own workflow parked it, and only one resumes it
    if row.campaign not in states:
        return True
    state, epoch = states[row.campaign]
    return state is not CampaignState.PAUSED and (row.epoch >= epoch or now - row.updated_at > LOOK_AGAIN)


def _overdue(rows: Sequence[Ledger], n: int | None) -> Overdue:
    said = next((row.overdue for row in rows if row.n == n), None)
    return Overdue(said) if said else Overdue.REPLAN


def _gone(clock: Clock, now: datetime) -> Assessment:
    return Assessment(
        id="none", clock=clock, phase=Phase.ERASED, band="lapsed", score=0.0, wake_at=now, why_not="No such client."
    )
