"""What holds for campaigns that mail a phase of the lifecycle: one a phase, its phase stays, and clients have no places
in it. A start, a resume and another version have everybody in the phase looked at once."""

from __future__ import annotations

from datetime import datetime
from typing import Final, Literal

from sqlalchemy import Connection

from errors import BadInput
from models.base import ClientId
from models.campaign import CampaignChange
from models.campaign_definition import CampaignDefinition
from models.phase_entry import PhaseEntry
from models.states import Phase
from services.context import ServiceContext
from store.campaigns import campaigns, sequences
from store.campaigns.campaigns import CampaignRow
from store.clients import standing_plans
from store.database import write_transaction
from store.events import outbox

_NOT_SHARED: Final = ("priority", "ends_at", "expires_days")
"""What may be adjusted in other campaigns and means nothing in a sequence."""


def name_version(definition: CampaignDefinition) -> Literal["version", "sequence"]:
    """Name the column of a campaign that holds the version which runs."""
    return "sequence" if isinstance(definition.entry, PhaseEntry) else "version"


def require_free_phase(connection: Connection, definition: CampaignDefinition) -> None:
    """Require that no other campaign mails the phase, if the definition is for one. Raises BadInput."""
    if not isinstance(definition.entry, PhaseEntry):
        return
    sequences.lock_sequences(connection)
    phase = Phase(definition.entry.phase)
    if (other := sequences.find_sequence(connection, phase, definition.slug)) is not None:
        raise BadInput(
            f"{other} mails {phase} already, and a phase has one sequence; end that one first", "entry.phase"
        )


def require_same_phase(campaign: CampaignRow, definition: CampaignDefinition) -> None:
    """Require that another version is for the phase of the one that runs, or both are for none. Raises BadInput."""
    if campaign.running_version is None:
        return
    before = str(campaign.spec.audience.phases[0]) if campaign.sequence is not None else None
    after = definition.entry.phase if isinstance(definition.entry, PhaseEntry) else None
    if before == after:
        return
    if before is not None:
        raise BadInput(f"{campaign.slug} mails {before}, in each version; give another campaign another slug", "entry")
    raise BadInput(f"{campaign.slug} mails no phase of the lifecycle; give one that does another slug", "entry")


def require_shared_terms(change: CampaignChange) -> None:
    """Require that a change can be meant for a sequence. Raises BadInput."""
    for field in _NOT_SHARED:
        if field in change.list_changes():
            why = "each kind of its mails has one" if field == "priority" else "it runs until somebody ends it"
            raise BadInput(f"is not of a sequence of the lifecycle: {why}", field)


def look_at_phase(connection: Connection, row: CampaignRow, limit: int, now: datetime) -> list[ClientId]:
    """Return the next clients in the phase of a sequence, at most `limit`, for their plans to be made anew, and move
    the cursor; nobody once all were looked at."""
    if row.enrolled_all:
        return []
    phase = row.spec.audience.phases[0]
    found = standing_plans.list_in_phase(connection, phase, row.cursor, limit)
    at_end = len(found) < limit
    campaigns.update_campaign(connection, row.slug, now, cursor=found[-1] if found else "", enrolled_all=at_end)
    return found


def begin_sequences(context: ServiceContext) -> int:
    """Have the workflows of sequences started that were installed and never ran, and return how many."""
    real_now = context.wall()
    with write_transaction(context.engine) as connection:
        _, now = context.load_business_time(connection, real_now)
        slugs = sequences.list_unbegun(connection)
        for slug in slugs:
            campaigns.update_campaign(connection, slug, now, looked_at=now)
        outbox.push_nudges(connection, "campaign", slugs, real_now)
    return len(slugs)
