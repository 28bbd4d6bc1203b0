"""The messages between a campaign's workflow and the step that sends a part of its mails."""

from __future__ import annotations

from datetime import datetime

from models.base import CampaignSlug, Contract


class BroadcastStep(Contract):
    """Asks for one part of a campaign's mails. `at` is the workflow's real now."""

    slug: CampaignSlug
    at: datetime


class BroadcastDone(Contract):
    """What became of a part: how many clients it took, and how many mails left. The others are with their own
    workflows."""

    taken: int = 0
    sent: int = 0
