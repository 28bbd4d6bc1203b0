"""Pick, write, review and schedule in one step with the template writer: approved copy, deterministic and grounded."""

from __future__ import annotations

from temporalio import activity

from agents import template_writer as house_writer
from domain.outreach import PREPARING
from models.outreach import OutreachStep, StepDone
from models.states import OutreachState
from services.context import ServiceContext
from services.decisions.decider import Decider
from services.mailing import send_times, template_draft
from services.mailing.outreach_steps import build_step_result, require_outreach
from services.mailing.preparation import choose_items, choose_send_time, dump_picks, save_ranking_decision
from services.mailing.reading_hours import ReadingHours
from services.recommendations.recommender import Recommender
from store.database import read_transaction, write_transaction
from store.mail import ledger


class CompositionSteps:
    """The one step that prepares a mail without a model."""

    def __init__(self, context: ServiceContext, recommender: Recommender, decider: Decider) -> None:
        self._context, self._recommender, self._decider = context, recommender, decider
        self._hours = ReadingHours()

    @activity.defn
    def compose(self, step: OutreachStep) -> StepDone:
        """Write and schedule the mail. A mail that is further on already stays as it is."""
        with read_transaction(self._context.engine) as connection:
            clock, now = self._context.load_business_time(connection, step.at)
            row = require_outreach(connection, step.client_id, step.n)
            if row.state not in PREPARING:
                return build_step_result(row, clock)
            answer = send_times.ask_slot(self._context, self._decider, connection, row, now)
            send_at = choose_send_time(
                self._context, connection, row, send_times.read_proposed_time(answer), now, self._hours
            )
            items = choose_items(self._context, self._recommender, connection, row, send_at)
        draft = template_draft.write_draft(items.brief)
        with write_transaction(self._context.engine) as connection:
            save_ranking_decision(connection, row, items, now)
            send_times.save_decision(self._decider, connection, row, answer, send_at, now)
            values = {
                "send_at": send_at,
                "brief": items.brief.model_dump(mode="json"),
                "draft": draft.model_dump(mode="json"),
                "picks": dump_picks(items),
                "composed_by": "house",
                "prompt_version": house_writer.VERSION,
            }
            ledger.move_mail(connection, row.client_id, row.n, OutreachState.SCHEDULED, now, values=values)
            return build_step_result(require_outreach(connection, step.client_id, step.n), clock)
