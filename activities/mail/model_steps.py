"""The four steps of a mail that a language model writes: pick, write, review, schedule.

Each is idempotent: a step that was done already is told, not done again, so that a retry costs no second call. Every
call of the model is recorded, the failed ones too.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection
from temporalio import activity

from agents.llm import LanguageModel
from agents.reviewer import review
from agents.scheduler import propose
from agents.writer import VERSION, write
from domain.reviewing import AfterReview, after_review
from domain.timing import HORIZON, zone_of
from errors import ConfigError, ModelFault, Unavailable
from models.mail import Brief, EmailDraft, Review
from models.outreach import OutreachStep, StepDone
from models.scheduling import SchedulingFacts
from models.states import OutreachState
from services.context import ServiceContext
from services.decisions.decider import Asked, Decider
from services.mailing import send_times
from services.mailing.model_session import session
from services.mailing.outreach_steps import client_of, require_outreach, step_result
from services.mailing.preparation import keep_decision, picked, picks_of, planned
from services.mailing.reading_hours import READ, ReadingHours
from services.recommendations.recommender import Recommender
from store.database import read_transaction, write_transaction
from store.mail import ledger, mail_facts
from store.mail.ledger import Ledger

REVIEWED: Final = frozenset(str(each) for each in AfterReview)
"""Codes of a mail whose review is done."""


class Modelled:
    """See the module. `model` is None where none is configured; then no workflow asks for these steps."""

    def __init__(
        self, context: ServiceContext, recommender: Recommender, decider: Decider, model: LanguageModel | None
    ) -> None:
        self._context, self._recommender, self._decider, self._model = context, recommender, decider, model
        self._hours = ReadingHours()

    @activity.defn
    def pick(self, step: OutreachStep) -> StepDone:
        """Choose the items and keep the brief."""
        with read_transaction(self._context.engine) as connection:
            clock, now = self._context.business_time(connection, step.at)
            row = require_outreach(connection, step.client_id, step.n)
            if row.state != OutreachState.BRIEFED:
                return step_result(row, clock)
            at = planned(self._context, connection, row, None, now)
            made = picked(self._context, self._recommender, connection, row, at)
        with write_transaction(self._context.engine) as connection:
            keep_decision(connection, row, made, now)
            kept = {"brief": made.brief.model_dump(mode="json"), "picks": picks_of(made)}
            values = {**kept, "attempt": 0, "review": None}
            return self._moved(connection, step, OutreachState.PICKED, now, values)

    @activity.defn
    async def write(self, step: OutreachStep) -> StepDone:
        """Have the model write; after a review that asked for it, write again."""
        row, done, now = await asyncio.to_thread(self._look, step)
        again = row.state == OutreachState.DRAFTED and row.code == AfterReview.REVISE
        if row.state != OutreachState.PICKED and not again:
            return done
        brief = Brief.model_validate(row.brief)
        earlier = EmailDraft.model_validate(row.draft) if again else None
        remarks = Review.model_validate(row.review) if again else None
        async with session(self._context, self._model, step.client_id, step.n, now) as model:
            draft = await write(model, brief, remarks, earlier)
        values = {
            "draft": draft.model_dump(mode="json"),
            "attempt": (row.attempt or 0) + 1,
            "composed_by": "model",
            "prompt_version": VERSION,
        }
        return await asyncio.to_thread(self._move, step, OutreachState.DRAFTED, values)

    @activity.defn
    async def review(self, step: OutreachStep) -> StepDone:
        """Have the model review. `in_review` means approved; `drafted` says in its code what comes next."""
        row, done, now = await asyncio.to_thread(self._look, step)
        if row.state not in (OutreachState.DRAFTED, OutreachState.IN_REVIEW) or row.code in REVIEWED:
            return done
        brief, draft = Brief.model_validate(row.brief), EmailDraft.model_validate(row.draft)
        if row.state == OutreachState.DRAFTED:
            await asyncio.to_thread(self._move, step, OutreachState.IN_REVIEW, {})
        async with session(self._context, self._model, step.client_id, step.n, now) as model:
            remarks = await review(model, brief, draft)
        following = after_review(remarks, row.attempt or 1)
        values = {"review": remarks.model_dump(mode="json")}
        return await asyncio.to_thread(self._move, step, _STATE_AFTER[following], values, following)

    @activity.defn
    async def schedule(self, step: OutreachStep) -> StepDone:
        """Have an algorithm of the slot propose a moment, else the model, and dispose. A model that stays down costs
        the proposal, not the mail."""
        row, done, now = await asyncio.to_thread(self._look, step)
        if row.state != OutreachState.IN_REVIEW or row.code != AfterReview.APPROVE:
            return done
        timed = await asyncio.to_thread(self._timed, row, now)
        if (proposed := send_times.proposed(timed)) is None:
            proposed = await self._proposed_by_model(step, row, now)
        return await asyncio.to_thread(self._dispose, step, proposed, timed)

    async def _proposed_by_model(self, step: OutreachStep, row: Ledger, now: datetime) -> datetime | None:
        facts = await asyncio.to_thread(self._times, step, row, now)
        try:
            async with session(self._context, self._model, step.client_id, step.n, now) as model:
                return (await propose(model, facts)).send_at
        except (ModelFault, Unavailable, ConfigError) as fault:
            activity.logger.warning("no proposal: %s", fault.code)
        return None

    def _look(self, step: OutreachStep) -> tuple[Ledger, StepDone, datetime]:
        with read_transaction(self._context.engine) as connection:
            clock, now = self._context.business_time(connection, step.at)
            row = require_outreach(connection, step.client_id, step.n)
            return row, step_result(row, clock), now

    def _move(self, step: OutreachStep, to: OutreachState, values: dict[str, Any], code: str = "") -> StepDone:
        with write_transaction(self._context.engine) as connection:
            _, now = self._context.business_time(connection, step.at)
            return self._moved(connection, step, to, now, values, code)

    def _moved(
        self,
        connection: Connection,
        step: OutreachStep,
        to: OutreachState,
        now: datetime,
        values: dict[str, Any],
        code: str = "",
    ) -> StepDone:
        ledger.move(connection, step.client_id, step.n, to, now, code=code, values=values)
        clock, _ = self._context.business_time(connection, step.at)
        return step_result(require_outreach(connection, step.client_id, step.n), clock)

    def _timed(self, row: Ledger, now: datetime) -> Asked | None:
        with read_transaction(self._context.engine) as connection:
            return send_times.asked(self._context, self._decider, connection, row, now)

    def _dispose(self, step: OutreachStep, proposed: datetime | None, timed: Asked | None) -> StepDone:
        with write_transaction(self._context.engine) as connection:
            _, now = self._context.business_time(connection, step.at)
            row = require_outreach(connection, step.client_id, step.n)
            send_at = planned(self._context, connection, row, proposed, now, self._hours)
            send_times.keep(self._decider, connection, row, timed, send_at, now)
            return self._moved(connection, step, OutreachState.SCHEDULED, now, {"send_at": send_at})

    def _times(self, step: OutreachStep, row: Ledger, now: datetime) -> SchedulingFacts:
        with read_transaction(self._context.engine) as connection:
            client = client_of(connection, step.client_id)
            earliest = planned(self._context, connection, row, None, now)
            read_at = mail_facts.read_at(connection, step.client_id, now, READ)
            zone = zone_of(client.time_zone)
            rules = self._context.mail_rules
            return SchedulingFacts(
                client_id=step.client_id,
                n=step.n,
                kind=row.kind,
                now=now,
                earliest=earliest,
                latest=earliest + HORIZON,
                time_zone=client.time_zone,
                quiet_from_hour=rules.quiet_from_hour,
                quiet_until_hour=rules.quiet_until_hour,
                preferred_hour=client.policy.preferred_hour,
                reading_hours=tuple(at.astimezone(zone).hour for at in read_at),
                last_sent_at=max(mail_facts.sent_at(connection, step.client_id, now), default=None),
            )


_STATE_AFTER: Final = {
    AfterReview.APPROVE: OutreachState.IN_REVIEW,
    AfterReview.REVISE: OutreachState.DRAFTED,
    AfterReview.HOUSE: OutreachState.DRAFTED,
    AfterReview.PERSON: OutreachState.AWAITING_PERSON,
}
