"""When somebody whom a person chose may enter a campaign, and what that entry is called."""

from __future__ import annotations

from datetime import datetime

from domain.states import OPEN_PLACES
from models.campaign_definition import CampaignDefinition, EveryEntry, NowEntry, TimeEntry
from models.states import EnrolmentState

_BY_AUDIENCE = (NowEntry, TimeEntry, EveryEntry)


def name_choice(period: str, definition: CampaignDefinition | None, now: datetime) -> str:
    """Name the entry. Where the audience enters by itself it is the audience's, so that nobody enters twice; else the
    moment. `period`: the audience's present entry; `definition`: None for a campaign of one mail."""
    if definition is None or isinstance(definition.entry, _BY_AUDIENCE):
        return period
    return f"{now:%Y%m%dT%H%M%S}"


def find_choice_refusal(
    definition: CampaignDefinition | None,
    period: str,
    last: tuple[EnrolmentState, datetime, str] | None,
    is_inside: bool,
    now: datetime,
) -> str:
    """Find why somebody may not enter; empty where they may.

    Args: `last`: the state, moment and name of their last entry; `is_inside`: they are in the audience, or need not be.
    """
    if not is_inside:
        return "is not in the audience, which ends everybody's way who leaves it"
    if last is None:
        return ""
    state, at, entry = last
    if state in OPEN_PLACES:
        return "is in it already"
    if definition is None or isinstance(definition.entry, _BY_AUDIENCE):
        return "has been in it already" if entry == period else ""
    if definition.re_entry == "never":
        return "has been in it already, and nobody enters twice"
    return "was in it too short a time ago" if now < at + definition.re_entry else ""
