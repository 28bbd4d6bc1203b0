"""Pause, resume, adjust and end a campaign: from commands, pages and the API at once, from signals with the next round.

Every mail reads its campaign's row right before DATA, so a pause holds from the moment at which it is saved.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, Engine

from domain import permissions
from domain.campaign_life import OVER, compute_end, explain_change
from domain.grounding import find_message_faults
from domain.outreach import BEGINS_WITHIN_S
from domain.permissions import Action
from domain.replaced import list_replaced
from domain.states import CAMPAIGN
from errors import BadInput
from models.actors import Actor, Subject, SubjectKind
from models.base import CampaignSlug
from models.campaign import CampaignChange, CampaignCommand, CampaignSpec, SteeredCampaign
from models.states import CampaignState, Overdue
from services.campaigns.sanity import require_future_end
from services.campaigns.sequences import require_shared_terms
from services.offers.naming import require_offers
from store.activity import write_activity
from store.campaigns import campaigns, enrolments, parked, places, under_way
from store.campaigns.campaigns import CampaignRow
from store.database import read_transaction, write_transaction
from store.events import outbox

CHECK_EVERY_S: Final = 0.05
BEFORE_START: Final = frozenset({CampaignState.DRAFT, CampaignState.AWAITING_APPROVAL, CampaignState.SCHEDULED})
LATE_ENTRIES: Final = {Overdue.EXPIRE: timedelta(), Overdue.REPLAN: timedelta(days=14)}
"""How long ago the way of a client at the entry may have been to begin, for it still to begin after a pause."""
ACTIONS: Final[Mapping[str, Action]] = {
    "pause": Action.PAUSE_CAMPAIGN,
    "resume": Action.RESUME_CAMPAIGN,
    "adjust": Action.ADJUST_CAMPAIGN,
    "end": Action.END_CAMPAIGN,
}


def steer_campaign(
    engine: Engine, actor: Actor, slug: CampaignSlug, command: CampaignCommand, now: datetime, real_now: datetime
) -> SteeredCampaign:
    """Carry out what somebody asks of a campaign, nudge its workflow, and say where it stands and from when that holds.

    A pause returns once no mail that was on its way to the mail server can begin any more.

    Raises: NotAllowed; NotFound; BadInput when it is over, or for a change that cannot be meant.
    """
    permissions.require(actor, ACTIONS[command.kind])
    with write_transaction(engine) as connection:
        row = campaigns.load_campaign(connection, slug)
        require_possible(row, command, now)
        _require_lasting_offer(connection, row, command, now)
        apply_commands(connection, actor, slug, [command], now, real_now)
        outbox.push_nudges(connection, "campaign", [slug], real_now)
    said = _explain(engine, row, command)
    with read_transaction(engine) as connection:
        progress = campaigns.count_progress(connection, slug)
    return SteeredCampaign(**progress.model_dump(), said=said)


def require_possible(row: CampaignRow, command: CampaignCommand, now: datetime) -> None:
    """Require that the command can be carried out and can be meant. Raises BadInput."""
    if row.state in OVER:
        raise BadInput("this campaign has ended", "slug")
    if command.kind in ("pause", "resume") and row.state in BEFORE_START:
        raise BadInput(f"this campaign is {row.state.replace('_', ' ')}: it has not started", "slug")
    if command.kind != "adjust":
        return
    change = CampaignChange.model_validate(command.change)
    if row.running_version is not None and (of_steps := {"message", "voice", "review"} & set(change.list_changes())):
        raise BadInput(
            f"{row.slug} has several steps, and each says its own: name the step for its message or voice, or change "
            "the file, then create, submit, approve and start it with --in-it move",
            min(of_steps),
        )
    if row.sequence is not None:
        require_shared_terms(change)
    for field in ("message", "voice"):
        if faults := find_message_faults(getattr(change, field) or ""):
            raise BadInput(faults[0], field)
    spec = change_spec(row.spec, change)
    require_future_end(compute_end(spec, row.started_at or row.created_at), now)


def _require_lasting_offer(connection: Connection, row: CampaignRow, command: CampaignCommand, now: datetime) -> None:
    """Require that the offer of a campaign lasts to the end that a change gives it. Raises BadInput."""
    change = CampaignChange.model_validate(command.change)
    if command.kind == "adjust" and {"ends_at", "expires_days"} & set(change.list_changes()):
        spec = change_spec(row.spec, change)
        require_offers(connection, spec, compute_end(spec, row.started_at or row.created_at), now, live=False)


def change_spec(spec: CampaignSpec, change: CampaignChange) -> CampaignSpec:
    """Return the definition with the change made; days until its expiry replace a moment at which it ends."""
    values = change.list_changes()
    if "guardrails" in values:
        values["guardrails"] = spec.guardrails.model_dump() | values["guardrails"]
    if "expires_days" in values and "ends_at" not in values:
        values["ends_at"] = None
    return CampaignSpec.model_validate(spec.model_dump(mode="json") | values)


def _explain(engine: Engine, before: CampaignRow, command: CampaignCommand) -> tuple[str, ...]:
    match command.kind:
        case "pause":
            left = wait_until_none_begins(engine, before.slug)
            return (f"{left} mails were with the mail server already and may still arrive",) if left else ()
        case "resume" if before.state is CampaignState.PAUSED:
            pace = before.spec.throughput_per_minute
            return (f"what was held back goes on at {pace:,} clients a minute",)
        case "adjust":
            with read_transaction(engine) as connection:
                after = campaigns.load_campaign(connection, before.slug)
            return explain_change(command.change, after.ends_at)
    return ()


def wait_until_none_begins(engine: Engine, slug: CampaignSlug) -> int:
    """Wait until no mail of a campaign is with the mail server, for as long as one that passed the send gate may take
    to begin; return how many are still with it."""
    until = time.monotonic() + BEGINS_WITHIN_S
    while True:
        with read_transaction(engine) as connection:
            left = under_way.count_in_delivery(connection, slug)
        if left == 0 or time.monotonic() >= until:
            return left
        time.sleep(CHECK_EVERY_S)


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
        before = campaigns.load_campaign(connection, slug).spec
        if _apply(connection, slug, command, now, real_now):
            subject = Subject(kind=SubjectKind.CAMPAIGN, id=slug)
            data = _describe(command, before, campaigns.load_campaign(connection, slug).spec)
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
            values = {"epoch": row.epoch + 1, "reason": "", "overdue": command.overdue, "guarded_from": now}
            if row.sequence is not None:  # whose mail fell due meanwhile is looked for
                values |= {"cursor": "", "enrolled_all": False}
            campaigns.move_campaign(connection, slug, CampaignState.RUNNING, now, **values)
            parked.mark_overdue(connection, slug, command.overdue)
            if command.overdue in LATE_ENTRIES:
                places.drop_overdue(connection, slug, now - LATE_ENTRIES[command.overdue], now)
            return True
        case "adjust" if row.state not in OVER:
            spec = change_spec(row.spec, CampaignChange.model_validate(command.change))
            campaigns.update_campaign(connection, slug, now, spec=spec.model_dump(mode="json"))
            return spec != row.spec
        case "end":
            return end_campaign(connection, row, now, real_now)
    return False


def end_campaign(connection: Connection, row: CampaignRow, now: datetime, real_now: datetime) -> bool:
    """End the campaign, and return whether it had not ended. Mail on its way still goes, but not what a pause holds
    back: the end must not release it."""
    if row.state in CAMPAIGN.final:
        return False
    enrolments.drop_campaign_pending(connection, row.slug, now)
    if row.state is CampaignState.PAUSED:
        campaigns.move_campaign(connection, row.slug, CampaignState.ENDED, now, overdue=Overdue.EXPIRE)
        parked.mark_overdue(connection, row.slug, Overdue.EXPIRE)
        outbox.push_nudges(connection, "client", parked.list_parked_clients(connection, row.slug), real_now)
    else:
        campaigns.move_campaign(connection, row.slug, CampaignState.ENDED, now, overdue=Overdue.REPLAN)
    return True


def _describe(command: CampaignCommand, before: CampaignSpec, after: CampaignSpec) -> Mapping[str, Any]:
    """Describe a command in codes for the log; a reason is free text, and stands in the campaign's row."""
    match command.kind:
        case "resume":
            return {"overdue": command.overdue}
        case "adjust":
            # The words of a campaign are in its row; the log says that they changed.
            return list_replaced(before, after, without=("message", "voice"))
    return {}
