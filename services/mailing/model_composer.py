"""The four steps of a mail that a language model writes: pick, write, review, schedule.

Each is idempotent: a step that was done already returns its result, so that a retry costs no second call. Every
call of the model is recorded, the failed ones too.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection

from agents.llm import LanguageModel
from agents.reviewer import review_draft, review_grounding
from agents.scheduler import propose_send_time
from agents.template_writer import VERSION as TEMPLATE_VERSION
from agents.template_writer import compose_draft
from agents.writer import VERSION, write_draft
from domain.grounding import seal_draft
from domain.review_policy import ALL, NONE
from domain.review_steps import ReviewStep, choose_review_step
from errors import ConfigError, ModelFault, Unavailable
from models.drafts import HoldReason
from models.mail import Autonomy, Brief, EmailDraft, Review, ReviewVerdict
from models.outreach import OutreachStep, StepDone
from models.states import OutreachState
from services.context import ServiceContext
from services.decisions.decider import Decider
from services.mailing import send_times
from services.mailing.composition import (
    dump_picks,
    load_autonomy,
    load_review_policy,
    require_items,
    save_ranking_decision,
)
from services.mailing.model_session import open_session
from services.mailing.scheduling_facts import load_scheduling_facts
from services.mailing.send_times import ReadingHours, SendTimeAttempt, choose_send_time, require_send_time_facts
from services.recommendations.recommender import Recommender
from services.review.holds import hold_by_policy, put_on_desk
from store.database import read_transaction, write_transaction
from store.mail import ledger
from store.mail.ledger import LedgerRow

log = logging.getLogger(__name__)

REVIEWED: Final = frozenset(str(outcome) for outcome in ReviewStep)
"""Codes of a mail whose review is done."""


class ModelComposer:
    """The steps of a mail that a model writes. `model` is None where none is configured; then no workflow calls
    them."""

    def __init__(
        self, context: ServiceContext, recommender: Recommender, decider: Decider, model: LanguageModel | None
    ) -> None:
        self._context, self._recommender, self._decider, self._model = context, recommender, decider, model
        self._hours = ReadingHours()

    def pick(self, step: OutreachStep) -> StepDone:
        """Choose the items and save the brief."""
        with read_transaction(self._context.engine) as connection:
            clock, now = self._context.load_business_time(connection, step.at)
            row = ledger.require_mail(connection, step.client_id, step.n)
            if row.state != OutreachState.BRIEFED:
                return row.build_result(clock)
            facts = require_send_time_facts(connection, row.client_id, now)
            at = choose_send_time(self._context, connection, row, facts, None, now)
            items = require_items(self._context, self._recommender, connection, row, at)
            level = load_autonomy(self._context, connection, row)
        items = items._replace(brief=items.brief.model_copy(update={"autonomy": level}))
        with write_transaction(self._context.engine) as connection:
            save_ranking_decision(connection, row, items, now)
            columns = {"brief": items.brief.model_dump(mode="json"), "picks": dump_picks(items)}
            values = {**columns, "attempt": 0, "review": None}
            return self._move_mail(connection, step, OutreachState.PICKED, now, values)

    async def write(self, step: OutreachStep) -> StepDone:
        """Have the model write; after a review that asked for it, write again."""
        row, done, now = await asyncio.to_thread(self._load, step)
        again = row.state == OutreachState.DRAFTED and row.code == ReviewStep.REVISE
        if row.state != OutreachState.PICKED and not again:
            return done
        brief = Brief.model_validate(row.brief)
        if brief.autonomy is Autonomy.APPROVED:
            return await asyncio.to_thread(self._write_approved, step, brief)
        earlier = EmailDraft.model_validate(row.draft) if again else None
        remarks = Review.model_validate(row.review) if again else None
        async with open_session(self._context, self._model, step.client_id, step.n, now) as model:
            draft = await write_draft(model, brief, remarks, earlier)
        values = {
            **seal_draft(draft, brief),
            "attempt": (row.attempt or 0) + 1,
            "composed_by": "model",
            "prompt_version": VERSION,
        }
        return await asyncio.to_thread(self._move, step, OutreachState.DRAFTED, values)

    async def review(self, step: OutreachStep) -> StepDone:
        """Have the model review. `in_review` means approved; `drafted` says in its code what comes next."""
        row, done, now = await asyncio.to_thread(self._load, step)
        if row.state not in (OutreachState.DRAFTED, OutreachState.IN_REVIEW) or row.code in REVIEWED:
            return done
        brief, draft = Brief.model_validate(row.brief), EmailDraft.model_validate(row.draft)
        if row.state == OutreachState.DRAFTED:
            await asyncio.to_thread(self._move, step, OutreachState.IN_REVIEW, {})
        remarks = await self._review(step, brief, draft, now)
        following = choose_review_step(remarks, row.attempt or 1)
        values = {"review": remarks.model_dump(mode="json")}
        return await asyncio.to_thread(self._settle_review, step, row, following, values)

    async def schedule(self, step: OutreachStep) -> StepDone:
        """Choose when the mail leaves: an algorithm of the slot proposes, else the model. A model that stays down costs
        the proposal, not the mail."""
        row, done, now = await asyncio.to_thread(self._load, step)
        if row.state != OutreachState.IN_REVIEW or row.code != ReviewStep.APPROVE:
            return done
        answer = await asyncio.to_thread(self._ask_slot, row, now)
        if (proposed := send_times.read_proposed_time(answer)) is None:
            proposed = await self._propose_by_model(step, row, now)
        return await asyncio.to_thread(self._dispose, step, proposed, answer)

    def _write_approved(self, step: OutreachStep, brief: Brief) -> StepDone:
        """Write with approved sentences alone: no model can say anything in them."""
        values = {**seal_draft(compose_draft(brief), brief), "composed_by": "house"}
        return self._move(step, OutreachState.DRAFTED, values | {"prompt_version": TEMPLATE_VERSION, "attempt": 1})

    async def _review(self, step: OutreachStep, brief: Brief, draft: EmailDraft, now: datetime) -> Review:
        """Have the model review; approved sentences pass by code."""
        if brief.autonomy is Autonomy.APPROVED:
            return review_grounding(brief, draft) or Review(verdict=ReviewVerdict.APPROVE)
        async with open_session(self._context, self._model, step.client_id, step.n, now) as model:
            return await review_draft(model, brief, draft)

    async def _propose_by_model(self, step: OutreachStep, row: LedgerRow, now: datetime) -> datetime | None:
        facts = await asyncio.to_thread(load_scheduling_facts, self._context, step, row, now)
        try:
            async with open_session(self._context, self._model, step.client_id, step.n, now) as model:
                return (await propose_send_time(model, facts)).send_at
        except (ModelFault, Unavailable, ConfigError) as fault:
            log.warning("no proposal: %s", fault.code)
        return None

    def _load(self, step: OutreachStep) -> tuple[LedgerRow, StepDone, datetime]:
        with read_transaction(self._context.engine) as connection:
            clock, now = self._context.load_business_time(connection, step.at)
            row = ledger.require_mail(connection, step.client_id, step.n)
            return row, row.build_result(clock), now

    def _move(self, step: OutreachStep, to: OutreachState, values: dict[str, Any], code: str = "") -> StepDone:
        with write_transaction(self._context.engine) as connection:
            _, now = self._context.load_business_time(connection, step.at)
            return self._move_mail(connection, step, to, now, values, code)

    def _move_mail(
        self,
        connection: Connection,
        step: OutreachStep,
        to: OutreachState,
        now: datetime,
        values: dict[str, Any],
        code: str = "",
    ) -> StepDone:
        ledger.move_mail(connection, step.client_id, step.n, to, now, code=code, values=values)
        clock, _ = self._context.load_business_time(connection, step.at)
        return ledger.require_mail(connection, step.client_id, step.n).build_result(clock)

    def _settle_review(
        self, step: OutreachStep, row: LedgerRow, following: ReviewStep, values: dict[str, Any]
    ) -> StepDone:
        """Move the mail on after its review; to the desk where the reviewer refuses it, or a policy holds it."""
        brief, draft = Brief.model_validate(row.brief), EmailDraft.model_validate(row.draft)
        with write_transaction(self._context.engine) as connection:
            clock, now = self._context.load_business_time(connection, step.at)
            policy = ALL if brief.autonomy is Autonomy.FREE else load_review_policy(self._context, connection, row)
            if following is ReviewStep.PERSON:
                put_on_desk(connection, row, HoldReason.REFUSED, draft, brief, now)
            elif (
                following is ReviewStep.APPROVE
                and policy != NONE
                and hold_by_policy(connection, row, policy, draft, brief, now, values)
            ):
                return ledger.require_mail(connection, step.client_id, step.n).build_result(clock)
            return self._move_mail(connection, step, _STATE_AFTER[following], now, values, following)

    def _ask_slot(self, row: LedgerRow, now: datetime) -> SendTimeAttempt:
        with read_transaction(self._context.engine) as connection:
            facts = require_send_time_facts(connection, row.client_id, now)
            return send_times.ask_slot(self._context, self._decider, row, facts, now)

    def _dispose(self, step: OutreachStep, proposed: datetime | None, answer: SendTimeAttempt) -> StepDone:
        with write_transaction(self._context.engine) as connection:
            _, now = self._context.load_business_time(connection, step.at)
            row = ledger.require_mail(connection, step.client_id, step.n)
            facts = require_send_time_facts(connection, row.client_id, now)
            send_at = choose_send_time(self._context, connection, row, facts, proposed, now, self._hours)
            send_times.save_decision(self._decider, connection, row, answer, send_at, now)
            return self._move_mail(connection, step, OutreachState.SCHEDULED, now, {"send_at": send_at})


_STATE_AFTER: Final = {
    ReviewStep.APPROVE: OutreachState.IN_REVIEW,
    ReviewStep.REVISE: OutreachState.DRAFTED,
    ReviewStep.TEMPLATE_WRITER: OutreachState.DRAFTED,
    ReviewStep.PERSON: OutreachState.AWAITING_PERSON,
}
