"""Measure what a campaign brings."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Engine

from domain.holdouts import RE_ENGAGEMENT
from domain.mail_metrics import judge_mails
from models.base import CampaignSlug
from models.lift import CampaignLift
from store.campaigns import campaigns, lift, mail_counts
from store.database import read_transaction


def measure_lift(engine: Engine, slug: CampaignSlug, holdout_share: float, now: datetime) -> CampaignLift:
    """Compare the clients of a campaign with those held out of it, by business time `now`.

    Args: `holdout_share` is the share of clients held out of re-engagement mail; it counts for that slug alone.
    Raises: NotFound when there is no such campaign.
    """
    with read_transaction(engine) as connection:
        if slug == RE_ENGAGEMENT:
            return lift.compute_re_engagement_lift(connection, holdout_share, now)
        measured = lift.compute_lift(connection, slug, now)
        counts = mail_counts.count_mails(connection, slug)
        guardrails = campaigns.load_campaign(connection, slug).spec.guardrails
    return measured.model_copy(update={"mails": judge_mails(counts, guardrails)})
