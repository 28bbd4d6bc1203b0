"""Save, submit, approve and start the versions of a campaign.

What a person approves is one version, and a version never changes: a change is another version, which asks again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Engine

from domain import permissions
from domain.campaign_life import UNDER_WAY, compute_end
from domain.journeys.versions import require_fit, require_moves
from domain.permissions import Action
from errors import BadInput
from models.actors import Actor, Subject, SubjectKind
from models.base import CampaignSlug
from models.campaign_definition import CampaignDefinition, CampaignVersion
from models.journey_steps import StepId
from models.states import CampaignState, VersionState
from services.campaigns.definition_checks import (
    explain_quiet_wishes,
    require_known,
    require_plain_words,
    resolve_audiences,
)
from services.campaigns.sanity import require_future_end
from services.campaigns.sequences import name_version, require_free_phase, require_same_phase
from services.campaigns.takeover import take_over_words
from services.offers.naming import require_offers
from settings import Settings
from store.activity import write_activity
from store.campaigns import campaigns, versions
from store.campaigns.campaigns import CampaignRow
from store.campaigns.versions import VersionRow
from store.database import write_transaction
from store.events import outbox
from store.mail.policy import build_mail_rules

NOT_STARTED = (CampaignState.DRAFT, CampaignState.AWAITING_APPROVAL, CampaignState.SCHEDULED)
OPEN_VERSIONS = (VersionState.DRAFT, VersionState.AWAITING_APPROVAL, VersionState.APPROVED)


def save_draft(
    engine: Engine, actor: Actor, definition: CampaignDefinition, settings: Settings, now: datetime, real_now: datetime
) -> CampaignVersion:
    """Save a definition as a draft. One that differs from the newest version becomes the next, which asks for approval
    anew; the same one again changes nothing.

    Raises: NotAllowed; BadInput for what cannot be meant, or when the slug belongs to a campaign of one mail.
    """
    permissions.require(actor, Action.CREATE_CAMPAIGN)
    rules = build_mail_rules(settings)
    require_fit(definition, rules)
    require_plain_words(definition)
    with write_transaction(engine) as connection:
        require_known(connection, definition, now)
        definition = resolve_audiences(connection, definition)
        said = explain_quiet_wishes(connection, definition, rules, now)
        before = versions.find_newest(connection, definition.slug)
        if before is not None and (running := campaigns.load_campaign(connection, definition.slug)).state in UNDER_WAY:
            require_successor(running, definition, now)
        if before is not None and _is_same(before, definition):
            return _describe(connection, before).model_copy(update={"said": said})
        if before is None:
            campaigns.insert_draft(connection, definition.build_spec(), now)
        elif before.state in OPEN_VERSIONS:
            versions.move_version(connection, before, VersionState.SET_ASIDE, now)
        row = versions.insert_version(connection, definition, actor.who, now)
        _move_campaign(connection, definition.slug, CampaignState.DRAFT, now)
        _put_on_record(connection, actor, Action.CREATE_CAMPAIGN, row, now, real_now)
        return _describe(connection, row).model_copy(update={"said": said})


def submit_version(
    engine: Engine,
    actor: Actor,
    slug: CampaignSlug,
    now: datetime,
    real_now: datetime,
    version: int | None = None,
) -> CampaignVersion:
    """Ask for the approval of a campaign's newest version. Doing it twice is doing it once.

    Raises: NotAllowed; NotFound; BadInput when it is not a draft, or not the `version` that was read.
    """
    permissions.require(actor, Action.SUBMIT_CAMPAIGN)
    with write_transaction(engine) as connection:
        row = versions.load_version(connection, slug)
        if version is not None and row.version != version:
            raise BadInput(f"version {row.version} is newer; read that one", "version")
        if row.state is VersionState.AWAITING_APPROVAL:
            return _describe(connection, row)
        _require_state(row, VersionState.DRAFT, "only a draft is submitted")
        versions.move_version(connection, row, VersionState.AWAITING_APPROVAL, now, submitted_by=actor.who)
        _move_campaign(connection, slug, CampaignState.AWAITING_APPROVAL, now)
        _put_on_record(connection, actor, Action.SUBMIT_CAMPAIGN, row, now, real_now)
        return _describe(connection, versions.load_version(connection, slug, row.version))


def decide_version(
    engine: Engine,
    actor: Actor,
    slug: CampaignSlug,
    version: int,
    verdict: Literal["approve", "send_back"],
    now: datetime,
    real_now: datetime,
) -> CampaignVersion:
    """Approve exactly this version, or send it back to its author.

    Raises: NotAllowed, also for whoever submitted it where its policy asks for somebody else; NotFound; BadInput when
    it does not await approval.
    """
    permissions.require(actor, Action.APPROVE_CAMPAIGN)
    with write_transaction(engine) as connection:
        row = versions.load_version(connection, slug, version)
        to = VersionState.APPROVED if verdict == "approve" else VersionState.SET_ASIDE
        if row.state is to and row.decided_by:
            return _describe(connection, row)
        _require_state(row, VersionState.AWAITING_APPROVAL, "only a version that awaits approval is decided on")
        if row.definition.approval == "someone_else" and verdict == "approve" and actor.who == row.submitted_by:
            raise BadInput(f"{actor.who} submitted it, and its policy asks for somebody else's approval", "approval")
        versions.move_version(connection, row, to, now, decided_by=actor.who)
        _move_campaign(connection, slug, CampaignState.DRAFT, now)
        data = {"verdict": verdict}
        _put_on_record(connection, actor, Action.APPROVE_CAMPAIGN, row, now, real_now, data)
        return _describe(connection, versions.load_version(connection, slug, version))


def schedule_version(
    engine: Engine, actor: Actor, slug: CampaignSlug, start_at: datetime, now: datetime, real_now: datetime
) -> CampaignVersion:
    """Have a campaign's approved version start by itself. Another moment replaces the one before.

    Raises: NotAllowed; NotFound; BadInput when it is not approved, has started, or the moment has passed.
    """
    permissions.require(actor, Action.START_CAMPAIGN)
    if start_at <= now:
        raise BadInput(f"{start_at:%Y-%m-%d %H:%M} UTC has passed; `start` begins now", "start_at")
    with write_transaction(engine) as connection:
        row, campaign = versions.load_version(connection, slug), campaigns.load_campaign(connection, slug)
        _require_state(row, VersionState.APPROVED, "only an approved version is scheduled")
        if campaign.state not in NOT_STARTED:
            raise BadInput(f"{slug} is {campaign.state}; `start` publishes the version", "slug")
        require_offers(connection, row.definition, compute_end(row.definition.build_spec(), start_at), now, live=True)
        versions.set_start(connection, row, start_at, now)
        _move_campaign(connection, slug, CampaignState.SCHEDULED, now)
        _put_on_record(connection, actor, Action.START_CAMPAIGN, row, now, real_now, {"start_at": f"{start_at:%FT%TZ}"})
        outbox.push_nudges(connection, "campaign", [slug], real_now)
        return _describe(connection, versions.load_version(connection, slug, row.version))


def start_version(
    engine: Engine,
    actor: Actor,
    slug: CampaignSlug,
    now: datetime,
    real_now: datetime,
    takeover: Literal["stay", "move"] = "stay",
    moves: Mapping[StepId, StepId] | None = None,
) -> CampaignVersion:
    """Start a campaign with its approved version now, or publish that version over the one that runs.

    Args: `takeover` says whether clients in an older version go on with theirs or move at their next step; `moves`
    where those go whose next step is no more, else to the nearest after it.
    Raises: NotAllowed; NotFound; BadInput when its newest version is not approved, or the campaign is over.
    """
    permissions.require(actor, Action.START_CAMPAIGN)
    with write_transaction(engine) as connection:
        row, campaign = versions.load_version(connection, slug), campaigns.load_campaign(connection, slug)
        if row.state is VersionState.LIVE and campaign.running_version == row.version:
            return _describe(connection, row)
        _require_state(row, VersionState.APPROVED, "only an approved version is started")
        require_moves(row.definition, dict(moves or {}))
        started_at = (campaign.started_at or now) if campaign.state not in NOT_STARTED else now
        ends_at = compute_end(row.definition.build_spec(), started_at)
        require_offers(connection, row.definition, ends_at, now, live=True)
        publish_version(connection, campaign, row, takeover, dict(moves or {}), now)
        data = {"takeover": takeover} if campaign.running_version is not None else {}
        _put_on_record(connection, actor, Action.START_CAMPAIGN, row, now, real_now, data)
        outbox.push_nudges(connection, "campaign", [slug], real_now)
        return _describe(connection, versions.load_version(connection, slug, row.version))


def publish_version(
    connection: Connection,
    campaign: CampaignRow,
    row: VersionRow,
    takeover: str,
    moves: Mapping[StepId, StepId],
    now: datetime,
) -> None:
    """Make a version the one by which clients enter. Who moves to one that only says something else does so at once.
    Raises BadInput when the campaign is over."""
    if campaign.state in (CampaignState.FINISHING, CampaignState.FINISHED, CampaignState.ENDED):
        raise BadInput(f"{campaign.slug} is {campaign.state}; give a new one another slug", "slug")
    versions.move_version(connection, row, VersionState.LIVE, now, takeover=takeover, moves=dict(moves))
    if campaign.state not in NOT_STARTED:
        require_successor(campaign, row.definition, now)
    require_free_phase(connection, row.definition)
    spec = row.definition.build_spec().model_dump(mode="json")
    running = {name_version(row.definition): row.version}
    if campaign.state in NOT_STARTED:
        begun = {"started_at": now, "looked_at": now}
        campaigns.move_campaign(connection, campaign.slug, CampaignState.RUNNING, now, **begun)
        campaigns.update_campaign(connection, campaign.slug, now, spec=spec, **running)
    else:
        values = {"cursor": "", "enrolled_all": False}
        if takeover == "move" and campaign.running_version is not None:
            before = versions.load_version(connection, campaign.slug, campaign.running_version)
            take_over_words(connection, before, row, now)
        campaigns.update_campaign(connection, campaign.slug, now, spec=spec, **running, **values)


def require_successor(campaign: CampaignRow, definition: CampaignDefinition, now: datetime) -> None:
    """Require that a version may take the place of the one that runs: the comparison goes on, and its end lies ahead.

    Raises: BadInput naming the field.
    """
    spec, before = definition.build_spec(), campaign.spec
    for field, was, wants in (
        ("holdout", before.control_share, spec.control_share),
        ("window_days", before.window_days, spec.window_days),
    ):
        if was != wants:
            raise BadInput(
                f"stays {was:g} while {campaign.slug} runs, not {wants:g}: clients enrolled under two cannot be "
                "compared; create another campaign",
                field,
            )
    require_same_phase(campaign, definition)
    require_future_end(compute_end(spec, campaign.started_at or campaign.created_at), now)


def _is_same(row: VersionRow, definition: CampaignDefinition) -> bool:
    return row.state is not VersionState.SET_ASIDE and row.digest == versions.compute_digest(definition)


def _move_campaign(connection: Connection, slug: CampaignSlug, to: CampaignState, now: datetime) -> None:
    """Move a campaign that has not started; one that runs goes on by its version."""
    if campaigns.load_campaign(connection, slug).state in NOT_STARTED:
        campaigns.move_campaign(connection, slug, to, now)


def _require_state(row: VersionRow, state: VersionState, rule: str) -> None:
    if row.state is not state:
        raise BadInput(f"version {row.version} is {row.state.replace('_', ' ')}; {rule}", "version")


def _describe(connection: Connection, row: VersionRow) -> CampaignVersion:
    return describe_version(row, campaigns.load_campaign(connection, row.slug))


def describe_version(row: VersionRow, campaign: CampaignRow) -> CampaignVersion:
    """Describe a version and the state of its campaign."""
    return CampaignVersion(
        slug=row.slug,
        version=row.version,
        state=row.state,
        digest=row.digest,
        campaign=campaign.state,
        start_at=row.start_at,
        created_by=row.created_by,
        submitted_by=row.submitted_by,
        decided_by=row.decided_by,
    )


def _put_on_record(
    connection: Connection,
    actor: Actor,
    action: Action,
    row: VersionRow,
    now: datetime,
    real_now: datetime,
    data: Mapping[str, Any] | None = None,
) -> None:
    subject = Subject(kind=SubjectKind.CAMPAIGN, id=row.slug)
    about = {"version": row.version, "digest": row.digest[:12], **(data or {})}
    write_activity(connection, actor, action, subject, now, real_now, about)
