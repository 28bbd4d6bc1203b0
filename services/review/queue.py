"""The queue of the desk: where a draft stands in it, and which come before and after."""

from __future__ import annotations

from typing import Final, NamedTuple

from sqlalchemy import Engine

from models.base import CampaignSlug
from models.drafts import DraftId, HoldReason
from models.states import TouchKind
from services.review.lists import list_drafts

FARTHEST: Final = 1_000
"""Drafts among which the place is looked for: more than anybody reads in a day."""


class DeskFilter(NamedTuple):
    """Which drafts somebody goes through; empty: all."""

    campaign: CampaignSlug = ""
    kind: TouchKind | None = None
    why: HoldReason | None = None


class DeskPlace(NamedTuple):
    """Where a draft stands: its position from 1, how many wait, and its neighbours. Position 0: it does not wait any
    more; `following` is then the one that waits longest."""

    position: int = 0
    waiting: int = 0
    before: DraftId | None = None
    following: DraftId | None = None


def find_place(engine: Engine, draft_id: DraftId, wanted: DeskFilter) -> DeskPlace:
    """Find the place of a draft among those that wait, the longest first."""
    entries = list_drafts(engine, **wanted._asdict(), limit=FARTHEST).drafts
    ids = [entry.draft_id for entry in entries]
    if draft_id not in ids:
        return DeskPlace(0, len(ids), None, ids[0] if ids else None)
    at = ids.index(draft_id)
    following = ids[at + 1] if at + 1 < len(ids) else None
    return DeskPlace(at + 1, len(ids), ids[at - 1] if at else None, following)
