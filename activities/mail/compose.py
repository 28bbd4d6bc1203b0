"""Pick, write, review and schedule in one step with the house writer: approved copy, deterministic and grounded."""

from __future__ import annotations

from temporalio import activity

from agents import template_writer as house_writer
from domain.grounding import violations
from domain.outreach import PREPARING
from errors import ModelFault
from models.mail import Brief, EmailDraft
from models.outreach import OutreachStep, StepDone
from models.states import OutreachState
from services.context import ServiceContext
from services.decisions.decider import Decider
from services.mailing import send_times
from services.mailing.outreach_steps import require_outreach, step_result
from services.mailing.preparation import keep_decision, picked, picks_of, planned
from services.mailing.reading_hours import ReadingHours
from services.recommendations.recommender import Recommender
from store.database import read_transaction, write_transaction
from store.mail import ledger


class Compose:
    """See the module."""

    def __init__(self, context: ServiceContext, recommender: Recommender, decider: Decider) -> None:
        self._context, self._recommender, self._decider = context, recommender, decider
        self._hours = ReadingHours()

    @activity.defn
    def compose(self, step: OutreachStep) -> StepDone:
        """The mail, written and scheduled. A mail that is further on already stays as it is."""
        with read_transaction(self._context.engine) as connection:
            clock, now = self._context.business_time(connection, step.at)
            row = require_outreach(connection, step.client_id, step.n)
            if row.state not in PREPARING:
                return step_result(row, clock)
            timed = send_times.asked(self._context, self._decider, connection, row, now)
            send_at = planned(self._context, connection, row, send_times.proposed(timed), now, self._hours)
            made = picked(self._context, self._recommender, connection, row, send_at)
        draft = written(made.brief)
        with write_transaction(self._context.engine) as connection:
            keep_decision(connection, row, made, now)
            send_times.keep(self._decider, connection, row, timed, send_at, now)
            values = {
                "send_at": send_at,
                "brief": made.brief.model_dump(mode="json"),
                "draft": draft.model_dump(mode="json"),
                "picks": picks_of(made),
                "composed_by": "house",
                "prompt_version": house_writer.VERSION,
            }
            ledger.move(connection, row.client_id, row.n, OutreachState.SCHEDULED, now, values=values)
            return step_result(require_outreach(connection, step.client_id, step.n), clock)


def written(brief: Brief) -> EmailDraft:
    """The house's draft. Nothing leaves that is not grounded, whoever wrote it: raises ModelFault."""
    draft = house_writer.compose(brief)
    wrong = violations(draft, brief)
    if wrong:
        raise ModelFault(f"the draft breaks {wrong[0].code}")
    return draft
