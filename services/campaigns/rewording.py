"""Say one step of a running campaign differently: as its next version, which asks for approval like any other."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine

from domain import permissions
from domain.campaign_life import UNDER_WAY
from domain.grounding import find_message_faults
from domain.journeys.rewording import reword
from domain.permissions import Action
from errors import BadInput
from models.actors import Actor, Subject, SubjectKind
from models.base import CampaignSlug
from models.campaign import SteeredCampaign
from models.campaign_definition import CampaignAdjustment
from models.states import VersionState
from services.campaigns.sequences import name_version
from services.campaigns.takeover import take_over_words
from store.activity import write_activity
from store.campaigns import campaigns, versions
from store.campaigns.campaigns import CampaignRow
from store.campaigns.versions import VersionRow
from store.database import read_transaction, write_transaction
from store.events import outbox


def reword_step(
    engine: Engine, actor: Actor, slug: CampaignSlug, order: CampaignAdjustment, now: datetime, real_now: datetime
) -> SteeredCampaign:
    """Change what one mail of a campaign says while clients are on their way to it. The change is a version of its
    own. Where the campaign lets anybody approve and the actor may, it holds at once: mails that have not left are
    written anew. Else it awaits somebody's approval. Saying the same again changes nothing.

    Raises: NotAllowed; NotFound; BadInput for a step that is no mail, words that no mail may say, a campaign that does
    not run, or another version that is not decided on yet.
    """
    permissions.require(actor, Action.ADJUST_CAMPAIGN)
    for field in ("message", "voice"):
        if faults := find_message_faults(getattr(order, field) or ""):
            raise BadInput(faults[0], field)
    with write_transaction(engine) as connection:
        row = campaigns.load_campaign(connection, slug)
        before = _load_running(connection, row)
        definition = reword(before.definition, order.step or "", order.message, order.voice)
        said: tuple[str, ...] = ("it says that already; nothing was changed",)
        if versions.compute_digest(definition) != before.digest:
            _require_none_open(connection, before)
            after = versions.insert_version(connection, definition, actor.who, now)
            versions.move_version(connection, after, VersionState.AWAITING_APPROVAL, now, submitted_by=actor.who)
            at_once = definition.approval == "anyone" and all(
                permissions.may(actor, wish) for wish in (Action.APPROVE_CAMPAIGN, Action.START_CAMPAIGN)
            )
            said = _publish(connection, actor, row, before, after, now) if at_once else _say_what_is_left(after)
            subject = Subject(kind=SubjectKind.CAMPAIGN, id=slug)
            data = {"version": after.version, "digest": after.digest[:12], "step": order.step, "approved": at_once}
            write_activity(connection, actor, Action.ADJUST_CAMPAIGN, subject, now, real_now, data)
            outbox.push_nudges(connection, "campaign", [slug], real_now)
    with read_transaction(engine) as connection:
        progress = campaigns.count_progress(connection, slug)
    return SteeredCampaign(**progress.model_dump(), said=said)


def _load_running(connection: Connection, row: CampaignRow) -> VersionRow:
    if row.running_version is None:
        raise BadInput(f"{row.slug} is a campaign of one mail; change its message without a step", "step")
    if row.state not in UNDER_WAY:
        raise BadInput(f"{row.slug} is {row.state.replace('_', ' ')}; a step is said anew while it runs", "slug")
    return versions.load_version(connection, row.slug, row.running_version)


def _require_none_open(connection: Connection, running: VersionRow) -> None:
    """Require that no newer version waits for somebody: this change would set it aside."""
    newest = versions.load_version(connection, running.slug)
    if newest.version != running.version and newest.state is not VersionState.SET_ASIDE:
        state = newest.state.replace("_", " ")
        raise BadInput(f"version {newest.version} is {state}: publish it or send it back first", "version")


def _publish(
    connection: Connection, actor: Actor, row: CampaignRow, before: VersionRow, after: VersionRow, now: datetime
) -> tuple[str, ...]:
    """Put the version in the place of the one that runs. All that was changed without a version stays."""
    versions.move_version(connection, after, VersionState.APPROVED, now, decided_by=actor.who)
    versions.move_version(connection, after, VersionState.LIVE, now, takeover="move", moves=before.moves)
    taken = take_over_words(connection, before, after, now)
    words: dict[str, Any] = after.definition.build_spec().model_dump(include={"message", "voice"})
    spec = row.spec.model_copy(update=words).model_dump(mode="json")
    campaigns.update_campaign(connection, row.slug, now, spec=spec, **{name_version(after.definition): after.version})
    clients, mails = (taken.clients, taken.mails) if taken else (0, 0)
    if row.sequence is not None:
        return (
            f"version {after.version} took the place of version {before.version}: it holds for everybody in the phase "
            "and for all who come into it",
            f"{mails:,} mails of this step had not left: what is written already is written anew, and reviewed again",
        )
    return (
        f"version {after.version} took the place of version {before.version}: it holds for the {clients:,} clients on "
        "their way and for all who enter",
        f"{mails:,} mails of this step had not left: what is written already is written anew, and reviewed again",
    )


def _say_what_is_left(after: VersionRow) -> tuple[str, ...]:
    by = "somebody else" if after.definition.approval == "someone_else" else "somebody with the right"
    return (
        f"version {after.version} says it anew and awaits approval by {by}; until then nothing changes",
        f"then: selvedge campaign approve {after.slug} --version {after.version}, and "
        f"selvedge campaign start {after.slug} --in-it move",
    )
