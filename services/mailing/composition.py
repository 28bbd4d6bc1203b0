"""Pick, write, review and schedule one mail with the template writer: approved copy, deterministic and grounded."""

from __future__ import annotations

from typing import Any

from agents import template_writer
from domain.grounding import find_violations
from domain.outreach import PREPARING
from errors import ModelFault
from models.mail import Brief, EmailDraft
from models.outreach import OutreachStep, StepDone
from models.states import OutreachState
from services.context import ServiceContext
from services.decisions.decider import Decider
from services.mailing import send_times
from services.mailing.outreach_steps import build_step_result, require_outreach
from services.mailing.preparation import choose_items, choose_send_time, dump_picks, save_ranking_decision
from services.mailing.reading_hours import ReadingHours
from services.recommendations.recommender import Recommender
from store.database import read_transaction, write_transaction
from store.mail import ledger


class MailComposer:
    """Composes mails without a model. One for a process; safe from many threads."""

    def __init__(self, context: ServiceContext, recommender: Recommender, decider: Decider) -> None:
        self._context, self._recommender, self._decider = context, recommender, decider
        self._hours = ReadingHours()

    def compose(self, step: OutreachStep) -> StepDone:
        """Write and schedule the mail. A mail that is further on already stays as it is."""
        with read_transaction(self._context.engine) as connection:
            clock, now = self._context.load_business_time(connection, step.at)
            row = require_outreach(connection, step.client_id, step.n)
            if row.state not in PREPARING:
                return build_step_result(row, clock)
            answer = send_times.ask_slot(self._context, self._decider, connection, row, now)
            proposed = send_times.read_proposed_time(answer)
            send_at = choose_send_time(self._context, connection, row, proposed, now, self._hours)
            items = choose_items(self._context, self._recommender, connection, row, send_at)
        values: dict[str, Any] = {
            "send_at": send_at,
            "brief": items.brief.model_dump(mode="json"),
            "draft": write_draft(items.brief).model_dump(mode="json"),
            "picks": dump_picks(items),
            "composed_by": "house",
            "prompt_version": template_writer.VERSION,
        }
        with write_transaction(self._context.engine) as connection:
            save_ranking_decision(connection, row, items, now)
            send_times.save_decision(self._decider, connection, row, answer, send_at, now)
            if ledger.move_mail(connection, row.client_id, row.n, OutreachState.SCHEDULED, now, values=values):
                return StepDone(state=OutreachState.SCHEDULED, clock=clock, next_at=send_at)
            return build_step_result(require_outreach(connection, step.client_id, step.n), clock)


def write_draft(brief: Brief) -> EmailDraft:
    """Write the draft from templates. Raises ModelFault for one that is not grounded: no such mail leaves, whoever
    wrote it."""
    draft = template_writer.compose_draft(brief)
    wrong = find_violations(draft, brief)
    if wrong:
        raise ModelFault(f"the draft breaks {wrong[0].code}")
    return draft
