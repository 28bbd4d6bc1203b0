"""Look after a draft that waits: bring it to mind, escalate it, and reject it when nobody decides in time."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlalchemy import Connection

from domain.review_policy import PATIENCE, DeskRules
from models.drafts import DraftStage
from models.outreach import OutreachStep, StepDone
from models.states import OutreachState
from services import metrics
from services.context import ServiceContext
from settings import Settings
from store.database import write_transaction
from store.mail import drafts, ledger

NOBODY: Final = "nobody_decided"


def build_desk_rules(settings: Settings) -> DeskRules:
    """Build the rules of the desk from the settings."""
    return DeskRules(
        remind_after=timedelta(hours=settings.review_remind_hours),
        escalate_after=timedelta(hours=settings.review_escalate_hours),
    )


def look_after_draft(context: ServiceContext, step: OutreachStep) -> StepDone:
    """Raise the stage of a waiting draft when its time has come, reject it at its end, and return the mail's state;
    `next_at`: when to look again. A mail of which somebody decided stays as they left it."""
    with write_transaction(context.engine) as connection:
        clock, now = context.load_business_time(connection, step.at)
        mail = ledger.require_mail(connection, step.client_id, step.n)
        row = drafts.find_draft(connection, step.client_id, step.n)
        if mail.state is not OutreachState.AWAITING_PERSON:
            return mail.build_result(clock)
        since, rules = row.since if row else mail.updated_at, build_desk_rules(context.settings)
        if now >= since + PATIENCE:
            ledger.move_mail(connection, step.client_id, step.n, OutreachState.REJECTED, now, code=NOBODY)
            return ledger.require_mail(connection, step.client_id, step.n).build_result(clock)
        _raise_stage(connection, step, rules.find_stage(since, now))
        next_at = rules.find_next_look(since, now)
        return StepDone(state=mail.state, clock=clock, next_at=next_at, code=mail.code, reported=True)


def _raise_stage(connection: Connection, step: OutreachStep, stage: DraftStage) -> None:
    if stage is not DraftStage.FRESH and drafts.raise_stage(connection, step.client_id, step.n, stage):
        metrics.draft_reminders.labels(stage=stage).inc()
