"""Create a campaign, or count whom it would reach."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from sqlalchemy import Connection, Engine

from domain import permissions
from domain.campaign_life import compute_end
from domain.grounding import find_message_faults
from domain.permissions import Action
from errors import BadInput
from models.actors import Actor, Subject, SubjectKind
from models.campaign import CampaignProgress, CampaignSpec
from models.states import Arm
from services.campaigns.enrolment import count_audience
from services.campaigns.sanity import require_meant
from services.offers.naming import require_offers
from services.segments.audiences import resolve_audience
from store.activity import write_activity
from store.campaigns import campaigns
from store.database import read_transaction, write_transaction
from store.events import outbox


def create_campaign(
    engine: Engine, actor: Actor, spec: CampaignSpec, now: datetime, real_now: datetime, *, even_if_empty: bool = False
) -> CampaignProgress:
    """Create a campaign, ask for its workflow to start, and return its progress. Doing it twice is doing it once.

    Args: `now` is business time; `real_now` is when the outbox may deliver. `even_if_empty`: nobody need be in its
    audience yet.
    Raises: NotAllowed; BadInput when the text holds what mail may not say, when the slug belongs to another campaign,
    or for what cannot be meant.
    """
    permissions.require(actor, Action.CREATE_CAMPAIGN)
    _require_plain_text(spec)
    with write_transaction(engine) as connection:
        spec = _resolve_spec(connection, spec)
        if campaigns.create_campaign(connection, spec, now):
            require_offers(connection, spec, compute_end(spec, now), now, live=True)
            require_meant(connection, spec, now, even_if_empty=even_if_empty)
            subject = Subject(kind=SubjectKind.CAMPAIGN, id=spec.slug)
            write_activity(connection, actor, Action.CREATE_CAMPAIGN, subject, now, real_now)
        outbox.push_nudges(connection, "campaign", [spec.slug], real_now)
        return campaigns.count_progress(connection, spec.slug)


def preview_campaign(engine: Engine, spec: CampaignSpec, now: datetime) -> Counter[Arm]:
    """Count the clients whom the campaign would reach as they are now, by arm. Nothing is changed.

    Raises: BadInput when the text holds what mail may not say, or the filter names what nobody has.
    """
    _require_plain_text(spec)
    with read_transaction(engine) as connection:
        return count_audience(connection, _resolve_spec(connection, spec), now)


def _resolve_spec(connection: Connection, spec: CampaignSpec) -> CampaignSpec:
    return spec.model_copy(update={"audience": resolve_audience(connection, spec.audience)})


def _require_plain_text(spec: CampaignSpec) -> None:
    for field in ("message", "voice"):
        if faults := find_message_faults(getattr(spec, field)):
            raise BadInput(faults[0], field)
