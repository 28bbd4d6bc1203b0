"""Pause, resume, adjust and end a campaign: from commands, pages and the API at once, from signals with the next round.

Every mail reads its campaign's row right before DATA, so a pause holds from the moment at which it is saved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Engine

from domain import permissions
from domain.permissions import Action
from errors import BadInput
from models.actors import Actor, Subject, SubjectKind
from models.base import CampaignSlug
from models.campaign import CampaignChange, CampaignCommand, CampaignProgress
from models.states import CampaignState, Overdue
from store.activity import write_activity
from store.campaigns import campaigns, enrolments, parked
from store.campaigns.campaigns import CampaignRow
from store.database import write_transaction
from store.events import outbox

ACTIONS: Final[Mapping[str, Action]] = {
    "pause": Action.PAUSE_CAMPAIGN,
    "resume": Action.RESUME_CAMPAIGN,
    "adjust": Action.ADJUST_CAMPAIGN,
    "end": Action.END_CAMPAIGN,
}


def steer_campaign(
    engine: Engine, actor: Actor, slug: CampaignSlug, command: CampaignCommand, now: datetime, real_now: datetime
) -> CampaignProgress:
    """Carry out what somebody asks of a campaign, nudge its workflow, and return its progress.

    Raises: NotAllowed; NotFound; BadInput when it has ended.
    """
    permissions.require(actor, ACTIONS[command.kind])
    with write_transaction(engine) as connection:
        if campaigns.load_campaign(connection, slug).state is CampaignState.ENDED:
            raise BadInput("this campaign has ended", "slug")
        apply_commands(connection, actor, slug, [command], now, real_now)
        outbox.push_nudges(connection, "campaign", [slug], real_now)
        return campaigns.count_progress(connection, slug)


def apply_commands(
    connection: Connection,
    actor: Actor,
    slug: CampaignSlug,
    commands: Sequence[CampaignCommand],
    now: datetime,
    real_now: datetime,
) -> None:
    """Apply commands in their order. What is in force already changes nothing. Raises NotAllowed."""
    for command in commands:
        permissions.require(actor, ACTIONS[command.kind])
        if _apply(connection, slug, command, now, real_now):
            subject = Subject(kind=SubjectKind.CAMPAIGN, id=slug)
            data = _describe(command)
            write_activity(connection, actor, ACTIONS[command.kind], subject, now, real_now, data)


def _apply(
    connection: Connection, slug: CampaignSlug, command: CampaignCommand, now: datetime, real_now: datetime
) -> bool:
    """Apply one command, and return whether it changed anything."""
    row = campaigns.load_campaign(connection, slug)
    match command.kind:
        case "pause":
            paused = campaigns.move_campaign(connection, slug, CampaignState.PAUSED, now, reason=command.reason)
            return paused and row.state is not CampaignState.PAUSED
        case "resume" if row.state is CampaignState.PAUSED:
            values = {"epoch": row.epoch + 1, "reason": "", "overdue": command.overdue}
            campaigns.move_campaign(connection, slug, CampaignState.RUNNING, now, **values)
            parked.mark_overdue(connection, slug, command.overdue)
            return True
        case "adjust" if row.state is not CampaignState.ENDED:
            change = CampaignChange.model_validate(command.change).model_dump(mode="json", exclude_none=True)
            spec = row.spec.model_dump(mode="json")
            campaigns.update_campaign(connection, slug, now, spec=spec | change)
            return spec | change != spec
        case "end":
            return end_campaign(connection, row, now, real_now)
    return False


def end_campaign(connection: Connection, row: CampaignRow, now: datetime, real_now: datetime) -> bool:
    """End the campaign, and return whether it had not ended. Mail on its way still goes, but not what a pause holds
    back: the end must not release it."""
    if row.state is CampaignState.ENDED:
        return False
    enrolments.drop_campaign_pending(connection, row.slug, now)
    if row.state is CampaignState.PAUSED:
        campaigns.move_campaign(connection, row.slug, CampaignState.ENDED, now, overdue=Overdue.EXPIRE)
        parked.mark_overdue(connection, row.slug, Overdue.EXPIRE)
        outbox.push_nudges(connection, "client", parked.list_parked_clients(connection, row.slug), real_now)
    else:
        campaigns.move_campaign(connection, row.slug, CampaignState.ENDED, now, overdue=Overdue.REPLAN)
    return True


def _describe(command: CampaignCommand) -> dict[str, Any]:
    """Describe a command in codes for the log; a reason is free text, and stands in the campaign's row."""
    match command.kind:
        case "resume":
            return {"overdue": command.overdue}
        case "adjust":
            return dict(command.change)
    return {}
